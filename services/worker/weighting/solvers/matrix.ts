/** Small dense matrices on the host, in float64: as many rows as there are tasks. */
export type Matrix = readonly (readonly number[])[];

export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

/** M·x. */
export function times(matrix: Matrix, x: readonly number[]): number[] {
  return matrix.map((row) => dot(row, x));
}

/** xᵀ·M·y: for a Gram matrix, the inner product of two combinations of its vectors. */
export function innerProduct(matrix: Matrix, x: readonly number[], y: readonly number[]): number {
  return dot(x, times(matrix, y));
}

/** Mᵢⱼ, for indices that are known to be within it. */
export function entry(matrix: Matrix, row: number, column: number): number {
  return matrix[row]?.[column] ?? Number.NaN;
}

/** The lengths of the vectors that a Gram matrix is made of; rounding can leave a tiny negative square. */
export function norms(gram: Matrix): number[] {
  return gram.map((row, index) => Math.sqrt(Math.max(0, row[index] ?? 0)));
}

/** The Gram matrix of the vectors times a factor each. */
export function scaled(gram: Matrix, factors: readonly number[]): number[][] {
  return gram.map((row, i) => row.map((value, j) => value * (factors[i] ?? 0) * (factors[j] ?? 0)));
}

/** Frobenius norm: the root of the sum of all squares. */
export function frobeniusNorm(matrix: Matrix): number {
  return Math.sqrt(matrix.reduce((sum, row) => sum + dot(row, row), 0));
}
