/** Square matrices, row after row. */
export type Square = Float64Array;

/** Draws of one tensor-normal distribution: `count` tensors of three axes, one after the other. */
export interface Draws {
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly shape: readonly [number, number, number];
}

/** Inverse covariances of the three axes. */
export type Precisions = readonly [Square, Square, Square];

/**
 * One round of the flip-flop algorithm for the covariances of a tensor-normal distribution with mean 0, TN(O, Σ₁, Σ₂, Σ₃):
 * each axis in turn gets its maximum-likelihood covariance, given those of the others,
 *
 *     Σ_k = 1/(n·D/D_k) · Σ over draws of X_(k) (⊗ Σ_j⁻¹, j ≠ k) X_(k)ᵀ + ε I
 *
 * (Long, Cao, Wang & Yu 2017, section 3.3, for n draws). Only the product of the three scales is determined, and with few draws
 * the likelihood has no maximum: so each covariance is scaled to a mean variance of 1 before ε is added.
 * @param precisions present ones
 * @param epsilon ridge that keeps the covariances invertible, relative to the mean variance
 * @returns precisions and, in the same order, the covariances that they are inverses of
 */
export function flipFlop(
  draws: Draws,
  precisions: Precisions,
  epsilon: number,
): { precisions: Precisions; covariances: Precisions } {
  const found = [...precisions] as [Square, Square, Square];
  const covariances: Square[] = [];
  for (const axis of [0, 1, 2] as const) {
    const covariance = normalised(scatter(draws, found, axis), draws.shape[axis]);
    const size = draws.shape[axis];
    for (let row = 0; row < size; row += 1)
      covariance[row * size + row] = (covariance[row * size + row] ?? 0) + epsilon;
    covariances.push(covariance);
    found[axis] = inverse(covariance, size);
  }
  return { precisions: found, covariances: covariances as unknown as Precisions };
}

/** Σ over draws of X_(k) (⊗ Σ_j⁻¹) X_(k)ᵀ, up to a factor. */
function scatter({ values, count, shape }: Draws, precisions: Precisions, axis: 0 | 1 | 2): Square {
  const size = shape[axis];
  const others = ([0, 1, 2] as const).filter((other) => other !== axis);
  let weighed = Float64Array.from(values);
  for (const other of others) weighed = alongAxis(weighed, count, shape, other, precisions[other]);
  // Inner products of the slices at each pair of places of the axis.
  const [outer, inner] = around(count, shape, axis);
  const result = new Float64Array(size * size);
  for (let block = 0; block < outer; block += 1) {
    for (let row = 0; row < size; row += 1) {
      for (let column = row; column < size; column += 1) {
        const [a, b] = [(block * size + row) * inner, (block * size + column) * inner];
        let sum = 0;
        for (let place = 0; place < inner; place += 1) sum += (values[a + place] ?? 0) * (weighed[b + place] ?? 0);
        result[row * size + column] = (result[row * size + column] ?? 0) + sum;
      }
    }
  }
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < row; column += 1) result[row * size + column] = result[column * size + row] ?? 0;
  }
  return result;
}

/** Blocks before an axis, and elements behind it. */
function around(count: number, shape: Draws['shape'], axis: number): [outer: number, inner: number] {
  const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
  return [count * product(shape.slice(0, axis)), product(shape.slice(axis + 1))];
}

/** Multiplies an axis of each draw with a symmetric matrix. */
function alongAxis(
  values: Float64Array,
  count: number,
  shape: Draws['shape'],
  axis: number,
  matrix: Square,
): Float64Array<ArrayBuffer> {
  const size = shape[axis] as number;
  const [outer, inner] = around(count, shape, axis);
  const result = new Float64Array(values.length);
  for (let block = 0; block < outer; block += 1) {
    for (let row = 0; row < size; row += 1) {
      const to = (block * size + row) * inner;
      for (let column = 0; column < size; column += 1) {
        const factor = matrix[row * size + column] ?? 0;
        const from = (block * size + column) * inner;
        for (let place = 0; place < inner; place += 1) {
          result[to + place] = (result[to + place] ?? 0) + factor * (values[from + place] ?? 0);
        }
      }
    }
  }
  return result;
}

/** Scaled to a mean of 1 on the diagonal; of nothing, the identity. */
function normalised(matrix: Square, size: number): Square {
  let trace = 0;
  for (let row = 0; row < size; row += 1) trace += matrix[row * size + row] ?? 0;
  if (!(trace > 0)) return identity(size);
  return matrix.map((value) => (value * size) / trace);
}

export function identity(size: number): Square {
  return Float64Array.from({ length: size * size }, (_, place) => (place % (size + 1) === 0 ? 1 : 0));
}

/** Of a symmetric, positive definite matrix, by Cholesky's decomposition. */
export function inverse(matrix: Square, size: number): Square {
  const at = (values: Float64Array, row: number, column: number): number => values[row * size + column] ?? 0;
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = at(matrix, row, column);
      for (let k = 0; k < column; k += 1) sum -= at(lower, row, k) * at(lower, column, k);
      lower[row * size + column] = row === column ? Math.sqrt(sum) : sum / at(lower, column, column);
    }
  }
  // L⁻¹, then its transpose times itself.
  const inverted = new Float64Array(size * size);
  for (let column = 0; column < size; column += 1) {
    for (let row = column; row < size; row += 1) {
      let sum = row === column ? 1 : 0;
      for (let k = column; k < row; k += 1) sum -= at(lower, row, k) * at(inverted, k, column);
      inverted[row * size + column] = sum / at(lower, row, row);
    }
  }
  const result = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = 0;
      for (let k = row; k < size; k += 1) sum += at(inverted, k, row) * at(inverted, k, column);
      result[row * size + column] = sum;
      result[column * size + row] = sum;
    }
  }
  return result;
}

/** Correlations of a covariance. */
export function correlations(covariance: Square, size: number): Square {
  const variance = (place: number): number => covariance[place * size + place] ?? Number.NaN;
  return covariance.map(
    (value, place) => value / Math.sqrt(variance(Math.floor(place / size)) * variance(place % size)),
  );
}
