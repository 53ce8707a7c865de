import { solveLinearSystem } from './solvers/linear-system.js';
import { entry, norms, type Matrix } from './solvers/matrix.js';

/**
 * Gradient balance of IMTL (Liu et al. 2021, section 3.1): the weights with sum 1 whose combination g = Σ αᵢ gᵢ has the
 * same projection on every task's gradient, g·u₁ = g·uᵢ with uᵢ = gᵢ/‖gᵢ‖. Solved as the linear system that these
 * conditions are; the paper's closed form is its elimination. Weights can be negative.
 *
 * Where the conditions leave the weights open (gradients of one direction, or none at all), equal weights are taken.
 */
export function impartialWeights(gram: Matrix): number[] {
  const lengths = norms(gram);
  const equal = gram.map(() => 1 / gram.length);
  if (lengths.some((length) => !(length > 0))) return equal;
  const projection = (of: number, on: number): number => entry(gram, of, on) / (lengths[on] ?? 1);
  const conditions = gram.slice(1).map((_, index) => gram.map((__, k) => projection(k, 0) - projection(k, index + 1)));
  // All rows of one size, so that the solver can tell which of them says nothing.
  const largest = Math.max(...lengths);
  const system = [gram.map(() => largest), ...conditions];
  return solveLinearSystem(system, [largest, ...conditions.map(() => 0)]) ?? equal;
}
