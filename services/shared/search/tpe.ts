import { Draws } from './draws.js';
import { fresh } from './fresh.js';
import { quasiRandom } from './quasi-random.js';
import type { Sampler } from './sampler.js';
import { fromLogRatios, logRatios, withoutLeast } from './simplex.js';

/** Points that are compared by the ratio for each one that is chosen, as in Bergstra et al. 2011 and Optuna. */
const candidates = 24;
/** A flat Dirichlet distribution has this standard deviation along each log-ratio coordinate: √ψ₁(1). */
const priorDeviation = Math.PI / Math.sqrt(6);
/** Of the observations, the best of these are the good ones. */
const goodShare = 0.2;
/** Of a kernel, as a part of the prior's, before the number of kernels makes it narrower. */
const kernelShare = 0.5;
/** Keeps a point on the border of the simplex at a finite distance. */
const nearestToBorder = 1e-3;

/**
 * Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio & Kégl 2011, "Algorithms for Hyper-Parameter
 * Optimization", section 4): of points drawn from the density of the good observations that one is chosen where it is
 * largest against the density of the others, which maximises the expected improvement.
 *
 * The densities are Gaussian kernels in isometric log-ratio coordinates (Aitchison & Egozcue): kernels on the weights
 * themselves would reach over the simplex's border, and would call 0.01 and 0.02 close, though one task counts twice as
 * much. All coordinates are one multivariate kernel (Falkner, Klein & Hutter 2018), whose width follows Scott's rule. The
 * prior is one more kernel in each density, with the mean and covariance of the uniform distribution on the simplex,
 * which is round in these coordinates. Within a round each chosen point counts as a bad observation for the next (the
 * constant liar of Ginsbourger et al. 2010), so that a batch spreads.
 */
export const tpe: Sampler = (ask) => {
  if (ask.round === 0 || ask.observations.length === 0) return quasiRandom(ask);
  const draws = new Draws(ask.seed, ask.round);
  const toPlane = (point: readonly number[]): number[] =>
    logRatios(withoutLeast(ask.least, point).map((weight) => Math.max(weight, nearestToBorder)));
  const scored = ask.observations
    .flatMap(({ point, score }) => (score === undefined ? [] : [{ point, score }]))
    .sort((a, b) => b.score - a.score);
  const count = Math.ceil(goodShare * scored.length);
  const good = scored.slice(0, count).map(({ point }) => toPlane(point));
  const bad = [...scored.slice(count), ...ask.observations.filter(({ score }) => score === undefined)].map(
    ({ point }) => toPlane(point),
  );
  const chosen: number[][] = [];
  const observations = [...ask.observations];
  for (let place = 0; place < ask.count; place += 1) {
    const drawn = fresh({ ...ask, count: candidates, observations }, () =>
      fromLogRatios(drawFrom(good, ask.tasks - 1, draws)),
    );
    const best = drawn
      .map((point) => ({ point, ratio: logDensity(good, toPlane(point)) - logDensity(bad, toPlane(point)) }))
      .reduce<{ point: number[]; ratio: number } | undefined>(
        (top, one) => (top === undefined || one.ratio > top.ratio ? one : top),
        undefined,
      );
    if (best === undefined) break;
    chosen.push(best.point);
    bad.push(toPlane(best.point));
    observations.push({ point: best.point, score: undefined });
  }
  return chosen;
};

/** Of a density's kernels: Scott's rule, n^(−1/(d+4)), on the prior's deviation. */
function kernelDeviation(count: number, dimensions: number): number {
  return priorDeviation * kernelShare * Math.max(1, count) ** (-1 / (dimensions + 4));
}

/** A draw from the kernels or, as likely as from one of them, the prior. */
function drawFrom(centres: readonly (readonly number[])[], dimensions: number, draws: Draws): number[] {
  const centre = centres[draws.below(centres.length + 1)];
  const deviation = centre === undefined ? priorDeviation : kernelDeviation(centres.length, dimensions);
  return Array.from({ length: dimensions }, (_, axis) => (centre?.[axis] ?? 0) + deviation * draws.normal());
}

function logDensity(centres: readonly (readonly number[])[], at: readonly number[]): number {
  const deviation = kernelDeviation(centres.length, at.length);
  const logs = [logGaussian(at, [], priorDeviation), ...centres.map((centre) => logGaussian(at, centre, deviation))];
  const largest = Math.max(...logs);
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}

/** Of a round Gaussian; without the constant that all share. */
function logGaussian(at: readonly number[], centre: readonly number[], deviation: number): number {
  const squares = at.reduce((sum, value, axis) => sum + (value - (centre[axis] ?? 0)) ** 2, 0);
  return -squares / (2 * deviation ** 2) - at.length * Math.log(deviation);
}
