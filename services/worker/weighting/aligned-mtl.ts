import { gradientSum } from './gradient-sum.js';
import type { OptionsOf } from './options.js';
import { dot, type Matrix } from './solvers/matrix.js';
import { symmetricEigen } from './solvers/symmetric-eigen.js';
import type { GradientWeighting, WeightingFactory } from './weighting.js';

/** Smaller eigenvalues, relative to the largest and the number of tasks, are rounding of single-precision gradients. */
const singlePrecision = 2 ** -23;

/**
 * Independent component alignment (Senushkin et al. 2023, algorithm 1): the matrix of the gradients is replaced by the
 * nearest one whose singular values all equal the smallest, so that no principal component dominates. With the
 * eigenvalues λ and eigenvectors V of the Gram matrix, the r largest that are not 0,
 *
 *     B = √λ_r · V·Λ^{−½}·Vᵀ,   α = B·w,
 *
 * with the tasks' importances w = 1 each. The Gram matrix of the aligned gradients, Bᵀ·GᵀG·B, is λ_r times the
 * identity (on the span of the gradients). Heads move along their own gradients.
 */
export const alignedMtl: WeightingFactory<OptionsOf<'aligned-mtl'>, GradientWeighting> = ({ gradients }, tasks) =>
  gradientSum(tasks.length, {
    space: gradients,
    combine: ({ gram }) => {
      const importance = tasks.map(() => 1);
      return { shared: alignment(gram).map((row) => dot(row, importance)), heads: importance };
    },
  });

/** B of algorithm 1, symmetric; the identity where there is no gradient at all. */
export function alignment(gram: Matrix): number[][] {
  const pairs = symmetricEigen(gram);
  const least = (pairs[0]?.value ?? 0) * gram.length * singlePrecision;
  const kept = pairs.filter(({ value }) => value > least);
  const smallest = kept.at(-1)?.value;
  if (smallest === undefined) return gram.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  return gram.map((row, i) =>
    row.map((_, j) =>
      kept.reduce(
        (sum, { value, vector }) => sum + Math.sqrt(smallest / value) * (vector[i] ?? 0) * (vector[j] ?? 0),
        0,
      ),
    ),
  );
}
