import { entry, type Matrix } from './matrix.js';

export interface EigenPair {
  readonly value: number;
  /** Of length 1. */
  readonly vector: readonly number[];
}

/** Sweeps after which a matrix of any size that occurs here is diagonal to the last bit; ten are usually enough. */
const mostSweeps = 50;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by Jacobi's cyclic rotations (Golub & Van Loan, section 8.5): each
 * makes one entry off the diagonal zero. Exact to rounding, also for small eigenvalues beside large ones.
 * @returns in falling order of the values
 */
export function symmetricEigen(matrix: Matrix): EigenPair[] {
  const size = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < mostSweeps; sweep += 1) {
    let rotated = false;
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1) {
        if (Math.abs(entry(a, p, q)) <= 1e-18 * Math.sqrt(Math.abs(entry(a, p, p) * entry(a, q, q)))) continue;
        if (entry(a, p, q) === 0) continue;
        rotate(a, vectors, p, q);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  return a
    .map((_, index) => ({ value: entry(a, index, index), vector: vectors.map((row) => row[index] as number) }))
    .sort((first, second) => second.value - first.value);
}

/** Applies the rotation in the plane (p, q) that makes a[p][q] zero, to both sides of `a` and to the vectors. */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const theta = (entry(a, q, q) - entry(a, p, p)) / (2 * entry(a, p, q));
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  const turn = (row: number[]): void => {
    const [x, y] = [row[p] as number, row[q] as number];
    row[p] = cosine * x - sine * y;
    row[q] = sine * x + cosine * y;
  };
  a.forEach(turn);
  const [rowP, rowQ] = [a[p] as number[], a[q] as number[]];
  for (let k = 0; k < a.length; k += 1) {
    const [x, y] = [rowP[k] as number, rowQ[k] as number];
    rowP[k] = cosine * x - sine * y;
    rowQ[k] = sine * x + cosine * y;
  }
  rowP[q] = 0;
  rowQ[p] = 0;
  vectors.forEach(turn);
}
