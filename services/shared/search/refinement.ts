import { quasiRandom } from './quasi-random.js';
import type { Ask, Observation, Sampler } from './sampler.js';
import { above, pointKey, rounded, withoutLeast } from './simplex.js';

/** Below it neighbours round to the same point. */
const finestStep = 1 / 500;

/**
 * Refines the simplex around the best region: first an even lattice; then the neighbours of the best point so far, each of
 * which moves half of the lattice's step from one task to another; when all of them are there, those at half that step,
 * and so on. A mesh adaptive search with the best point as its centre (Audet & Dennis 2006 describe the family).
 */
export const refinement: Sampler = (ask) => {
  const { tasks, count, initial, round, least, observations } = ask;
  if (round === 0) return evenly(ask);
  const seen = new Set(observations.map(({ point }) => pointKey(point)));
  const ranked = observations
    .filter((one): one is Observation & { score: number } => one.score !== undefined)
    .sort((a, b) => b.score - a.score);
  const chosen: number[][] = [];
  for (const { point } of ranked) {
    for (let step = 1 / (2 * partsFor(initial, tasks)); step >= finestStep; step /= 2) {
      for (const neighbour of neighbours(withoutLeast(least, point), step)) {
        const next = rounded(above(least, neighbour));
        if (chosen.length === count) return chosen;
        if (seen.has(pointKey(next))) continue;
        seen.add(pointKey(next));
        chosen.push(next);
      }
    }
  }
  return [...chosen, ...rest(ask, chosen)];
};

/** The points of the densest lattice that has no more than are wanted, none on the border; then Sobol points. */
function evenly(ask: Ask): number[][] {
  const parts = partsFor(ask.count, ask.tasks);
  const lattice = compositions(parts, ask.tasks).map((counts) =>
    rounded(
      above(
        ask.least,
        counts.map((count) => count / parts),
      ),
    ),
  );
  return [...lattice, ...rest(ask, lattice)];
}

function rest(ask: Ask, chosen: readonly number[][]): number[][] {
  const known = chosen.map((point) => ({ point, score: undefined }));
  return quasiRandom({
    ...ask,
    count: Math.max(0, ask.count - chosen.length),
    observations: [...ask.observations, ...known],
  });
}

/** Parts of the densest lattice of at most `count` points inside the simplex: C(parts − 1, tasks − 1) of them. */
function partsFor(count: number, tasks: number): number {
  let parts = tasks;
  while (binomial(parts, tasks - 1) <= count) parts += 1;
  return parts;
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let factor = 1; factor <= k; factor += 1) result = (result * (n - k + factor)) / factor;
  return result;
}

/** Ways to write `total` as a sum of `count` whole numbers of at least 1. */
function compositions(total: number, count: number): number[][] {
  if (count === 1) return [[total]];
  return Array.from({ length: total - count + 1 }, (_, index) => index + 1).flatMap((first) =>
    compositions(total - first, count - 1).map((others) => [first, ...others]),
  );
}

/** Points with `step` of weight moved from one task to another, where the other has so much. */
function neighbours(point: readonly number[], step: number): number[][] {
  return point.flatMap((_, to) =>
    point.flatMap((weight, from) => {
      // What another sampler or a grid placed below the least weight is no centre to move within.
      if (from === to || weight < step - 1e-9 || point.some((one) => one < -1e-9)) return [];
      return [point.map((one, place) => (place === to ? one + step : place === from ? Math.max(0, one - step) : one))];
    }),
  );
}
