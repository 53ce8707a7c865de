import { Draws } from './draws.js';
import type { Sampler } from './sampler.js';
import { fresh } from './fresh.js';

/** Uniform on the simplex, the flat Dirichlet distribution: exponential variables over their sum (Devroye 1986, ch. 11.4). */
export const random: Sampler = (ask) => {
  const draws = new Draws(ask.seed, ask.round);
  return fresh(ask, () => {
    const variables = Array.from({ length: ask.tasks }, () => -Math.log(draws.uniform()));
    const sum = variables.reduce((total, one) => total + one, 0);
    return variables.map((one) => one / sum);
  });
};
