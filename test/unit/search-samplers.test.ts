import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { samplerOf } from '../../services/shared/search/registry.js';
import type { Ask, Observation } from '../../services/shared/search/sampler.js';
import {
  above,
  fromCube,
  fromLogRatios,
  logRatios,
  pointKey,
  rounded,
  withoutLeast,
} from '../../services/shared/search/simplex.js';
import { sobolPoints } from '../../services/shared/search/sobol.js';
import { Draws } from '../../services/shared/search/draws.js';
import { samplerNames, samplers, type SamplerName } from '../../services/shared/catalog/samplers.js';
import { packageRoot } from '../../services/shared/version.js';

const ask = (more: Partial<Ask>): Ask => ({
  tasks: 3,
  count: 8,
  round: 0,
  initial: 8,
  seed: 1,
  least: 0.02,
  observations: [],
  ...more,
});

/** Searches with a sampler as a sweep does: round by round, each told all scores before it. */
function search(name: SamplerName, score: (point: readonly number[]) => number, wanted: Partial<Ask>, points: number) {
  const observations: Observation[] = [];
  for (let round = 0; observations.length < points; round += 1) {
    const count = Math.min(round === 0 ? 6 : 2, points - observations.length);
    const chosen = samplerOf[name](ask({ ...wanted, count, initial: 6, round, observations }));
    expect(chosen).toHaveLength(count);
    observations.push(...chosen.map((point) => ({ point, score: score(point) })));
  }
  return observations;
}

describe('every sampler', () => {
  it.each(samplerNames.flatMap((name) => [2, 3, 5].map((tasks) => ({ name, tasks }))))(
    '$name gives points of $tasks tasks that sum to 1, are in thousandths, not below the least and never twice',
    ({ name, tasks }) => {
      const least = 0.05;
      const seen = search(name, (point) => -Math.abs((point[0] ?? 0) - 0.4), { tasks, least, seed: 3 }, 24);
      expect(new Set(seen.map(({ point }) => pointKey(point))).size).toBe(24);
      for (const { point } of seen) {
        expect(point).toHaveLength(tasks);
        expect(point.reduce((sum, weight) => sum + Math.round(weight * 1000), 0)).toBe(1000);
        for (const weight of point) {
          expect(weight).toBeGreaterThanOrEqual(least - 0.001);
          expect(weight).toBe(Math.round(weight * 1000) / 1000);
        }
      }
    },
  );

  it.each(samplerNames)('%s gives the same for the same question, and something else for another seed', (name) => {
    const observations = search(name, (point) => point[0] ?? 0, {}, 8);
    const again = ask({ round: 2, initial: 6, observations, count: 3 });
    expect(samplerOf[name](again)).toEqual(samplerOf[name](again));
    if (name !== 'refine') expect(samplerOf[name]({ ...again, seed: 2 })).not.toEqual(samplerOf[name](again));
  });

  it('is all of the catalog', () => {
    expect(Object.keys(samplerOf)).toEqual(Object.keys(samplers));
  });
});

describe('Sobol points', () => {
  // test/fixtures/sobol.json: scipy 1.17's qmc.Sobol(15, scramble=False).random(64), the same direction numbers.
  it('are those of an independent implementation, in every dimension', () => {
    const known = JSON.parse(readFileSync(join(packageRoot, 'test', 'fixtures', 'sobol.json'), 'utf8')) as number[][];
    expect(sobolPoints(64, 15)).toEqual(known);
  });

  it('hold each dyadic interval of each axis equally often, shifted or not', () => {
    for (const seed of [undefined, 1, 7]) {
      const points = sobolPoints(64, 15, seed);
      for (let axis = 0; axis < 15; axis += 1) {
        const cells = points.map((point) => Math.floor((point[axis] ?? 0) * 64)).sort((a, b) => a - b);
        expect(cells).toEqual(Array.from({ length: 64 }, (_, cell) => cell));
      }
    }
  });
});

describe('the way to the simplex', () => {
  /** Largest difference between the share of points in a box of weights and the share that the uniform distribution has. */
  function discrepancy(points: readonly (readonly number[])[]): number {
    let worst = 0;
    // Of the flat Dirichlet distribution on three weights: P(w₁ > a, w₂ > b) = (1 − a − b)², for a + b ≤ 1.
    for (let a = 0; a < 1; a += 0.05) {
      for (let b = 0; a + b < 1; b += 0.05) {
        const there = points.filter(([first = 0, second = 0]) => first > a && second > b).length / points.length;
        worst = Math.max(worst, Math.abs(there - (1 - a - b) ** 2));
      }
    }
    return worst;
  }

  it('is uniform: the closed form of the flat Dirichlet distribution', () => {
    const draws = new Draws(5, 0);
    const points = Array.from({ length: 20_000 }, () => fromCube([draws.uniform(), draws.uniform()]));
    // Kolmogorov–Smirnov: the deviation of 20,000 independent points is above 2 / √n about once in a thousand.
    expect(discrepancy(points)).toBeLessThan(2 / Math.sqrt(20_000));
    for (const point of points.slice(0, 100)) expect(point.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12);
  });

  it('keeps Sobol points more even than random ones', () => {
    const draws = new Draws(9, 0);
    const random = Array.from({ length: 11 }, () =>
      discrepancy(Array.from({ length: 64 }, () => fromCube([draws.uniform(), draws.uniform()]))),
    ).sort((a, b) => a - b);
    for (const seed of [1, 2, 3, 4, 5]) {
      const even = discrepancy(sobolPoints(64, 2, seed).map((point) => fromCube(point)));
      expect(even).toBeLessThan((random[5] ?? 0) / 1.5);
    }
  });

  it('rounds to thousandths that sum to 1, and is undone', () => {
    expect(rounded([1 / 3, 1 / 3, 1 / 3])).toEqual([0.334, 0.333, 0.333]);
    expect(rounded([0.3, 0.7])).toEqual([0.3, 0.7]);
    const draws = new Draws(2, 0);
    for (let round = 0; round < 200; round += 1) {
      const point = fromCube([draws.uniform(), draws.uniform(), draws.uniform()]);
      const back = fromLogRatios(logRatios(point));
      point.forEach((weight, place) => expect(back[place]).toBeCloseTo(weight, 10));
      withoutLeast(0.1, above(0.1, point)).forEach((one, place) => expect(one).toBeCloseTo(point[place] ?? 0, 12));
    }
  });

  it('has log-ratio coordinates whose distances are those of the centred logs (Aitchison)', () => {
    const centred = (point: readonly number[]): number[] => {
      const logs = point.map(Math.log);
      const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
      return logs.map((log) => log - mean);
    };
    const distance = (a: readonly number[], b: readonly number[]): number =>
      Math.hypot(...a.map((one, i) => one - (b[i] ?? 0)));
    const one = [0.1, 0.2, 0.3, 0.4];
    const other = [0.7, 0.1, 0.1, 0.1];
    expect(distance(logRatios(one), logRatios(other))).toBeCloseTo(distance(centred(one), centred(other)), 10);
  });
});

describe('adaptive samplers', () => {
  /** A smooth peak in log weights, as a loss-weight's effect is, and a ridge that one coordinate alone does not show. */
  const peaks: { tasks: number; best: number[] }[] = [
    { tasks: 2, best: [0.87, 0.13] },
    { tasks: 3, best: [0.6, 0.1, 0.3] },
  ];
  const regret = (best: readonly number[], point: readonly number[]): number =>
    point.reduce((sum, weight, task) => sum + (Math.log(weight) - Math.log(best[task] ?? 1)) ** 2, 0);

  it.each((['tpe', 'refine'] as const).flatMap((name) => peaks.map((peak) => ({ name, ...peak }))))(
    '$name comes nearer to the best of $tasks tasks in 20 points than random search in 40, over 15 seeds',
    ({ name, tasks, best }) => {
      const reached = (sampler: SamplerName, seed: number, points: number): number =>
        Math.min(
          ...search(sampler, (point) => -regret(best, point), { tasks, seed }, points).map(
            ({ score }) => -(score ?? 0),
          ),
        );
      const seeds = Array.from({ length: 15 }, (_, index) => index + 1);
      const middle = (values: number[]): number => values.sort((a, b) => a - b)[7] ?? 0;
      const own = middle(seeds.map((seed) => reached(name, seed, 20)));
      const chance = middle(seeds.map((seed) => reached('random', seed, 40)));
      expect(own).toBeLessThan(chance);
    },
  );

  it('take a point that training gave up for a bad one', () => {
    const around = (centre: number, score: number | undefined): Observation[] =>
      [-0.02, 0, 0.02].map((shift) => ({ point: rounded([centre + shift, 1 - centre - shift]), score }));
    const asked = ask({ tasks: 2, round: 1, count: 6, observations: [...around(0.2, 1), ...around(0.8, undefined)] });
    const chosen = samplerOf.tpe(asked).map(([first = 0]) => first);
    expect(chosen.filter((weight) => Math.abs(weight - 0.8) < 0.06)).toEqual([]);
    expect(chosen.filter((weight) => weight < 0.5).length).toBeGreaterThan(3);
  });
});
