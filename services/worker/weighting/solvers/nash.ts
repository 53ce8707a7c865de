import { solveLinearSystem } from './linear-system.js';
import { dot, entry, norms, times, type Matrix } from './matrix.js';

const mostSteps = 100;
/** Added to the squared lengths of 1: near a Pareto-stationary point the solution would run to infinity. */
const ridge = 1e-7;

/**
 * Solves GᵀG·α = 1/α elementwise for α > 0 (Navon et al. 2022, section 3).
 *
 * It is the condition for the minimum of ½ αᵀGᵀGα − Σ log αᵢ, which is strictly convex, so there is one solution and
 * damped Newton steps find it to rounding. The paper comes near to it by a sequence of convex programs. Solved for
 * gradients of length 1, βᵢ = αᵢ‖gᵢ‖, so that gradients of any sizes are told apart.
 * @param gram GᵀG of the tasks' gradients
 * @returns α; 0 for a task without a gradient, which has nothing to bargain for
 */
export function nashWeights(gram: Matrix): number[] {
  const lengths = norms(gram);
  const present = lengths.flatMap((length, task) => (length > 0 ? [task] : []));
  const cosines = present.map((i) =>
    present.map((j) => (i === j ? 1 + ridge : entry(gram, i, j) / ((lengths[i] ?? 1) * (lengths[j] ?? 1)))),
  );
  const beta = balanced(cosines);
  return lengths.map((length, task) => (length > 0 ? (beta[present.indexOf(task)] ?? 0) / length : 0));
}

/** M·β = 1/β for a positive definite matrix with a diagonal of about 1. */
function balanced(matrix: Matrix): number[] {
  const objective = (beta: readonly number[]): number =>
    beta.every((value) => value > 0)
      ? dot(beta, times(matrix, beta)) / 2 - beta.reduce((sum, value) => sum + Math.log(value), 0)
      : Infinity;
  // The solution if all gradients were orthogonal.
  let beta = matrix.map(() => 1);
  for (let step = 0; step < mostSteps; step += 1) {
    const slope = times(matrix, beta).map((value, index) => value - 1 / (beta[index] ?? 0));
    const curvature = matrix.map((row, i) => row.map((value, j) => value + (i === j ? 1 / (beta[i] ?? 0) ** 2 : 0)));
    const direction = solveLinearSystem(curvature, slope);
    // Newton's decrement: twice what a full step is expected to gain.
    if (direction === undefined || !(dot(slope, direction) > 1e-24)) break;
    const start = objective(beta);
    const from = beta;
    const moved = (share: number): number[] => from.map((value, index) => value - share * (direction[index] ?? 0));
    let share = 1;
    while (share > 1e-12 && !(objective(moved(share)) <= start - 0.25 * share * dot(slope, direction))) share /= 2;
    if (share <= 1e-12) break;
    beta = moved(share);
  }
  return beta;
}
