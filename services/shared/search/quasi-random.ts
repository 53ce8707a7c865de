import type { Sampler } from './sampler.js';
import { fresh } from './fresh.js';
import { fromCube } from './simplex.js';
import { sobolPoints } from './sobol.js';

/** Sobol points, laid on the simplex: evenly spread however many there are. */
export const quasiRandom: Sampler = (ask) => {
  // Some may fall on points that are there; half as many again are made for those.
  const points = sobolPoints(2 * ask.count + ask.observations.length, ask.tasks - 1, ask.seed);
  let next = 0;
  return fresh(ask, () => fromCube(points[next++ % points.length] ?? []));
};
