import { describe, expect, it } from 'vitest';
import { deriveWeights } from '../../services/shared/plan/derive-weights.js';
import type { Outcome } from '../../services/shared/plan/outcome.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { countTrials } from '../../services/shared/sweep-spec/count.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { SpecError } from '../../services/shared/sweep-spec/spec-error.js';

const least = { name: 'least', workload: 'street-scenes', tasks: ['semantic', 'instance', 'depth'], epochs: 3 };
const parse = (change: object) => parseSweepSpec({ ...least, ...change }, { quick: false });
const faultsOf = (change: object): string[] => {
  try {
    parse(change);
  } catch (error) {
    if (error instanceof SpecError) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
};
const learned = { method: 'uncertainty', label: 'learned' };

describe('subsets', () => {
  it('make a row of each choice of tasks, the pairs first, as many as were counted', () => {
    const spec = parse({ weightings: [{ ...learned, subsets: 'every' }], baselines: false });
    expect(planSweep(spec).settings.map(({ label }) => label)).toEqual([
      'learned (semantic, instance)',
      'learned (semantic, depth)',
      'learned (instance, depth)',
      'learned (semantic, instance, depth)',
    ]);
    expect(countTrials(spec).settings).toBe(4);
    expect(parseSweepSpec(JSON.parse(JSON.stringify(spec)), { quick: false })).toEqual(spec);
    const pairs = parse({ weightings: [{ ...learned, subsets: 'pairs' }], baselines: false });
    expect(planSweep(pairs).settings).toHaveLength(countTrials(pairs).settings);
    expect(faultsOf({ tasks: ['depth'], weightings: [{ method: 'equal', subsets: 'pairs' }] })).toEqual([
      "weightings[0].tasks: must be two or more, for subsets to be made; found 'depth'",
    ]);
  });
});

describe('a replay', () => {
  it('needs the run with its own seed, or all of them, of every row that it replays', () => {
    const rows = [{ ...learned, subsets: 'pairs' }, { method: 'replay', of: 'learned' }, learned];
    const spec = parse({ weightings: rows.slice(0, 2), baselines: false, seeds: [1, 2] });
    const { trials, settings } = planSweep(spec);
    expect(settings).toHaveLength(6);
    expect(countTrials(spec)).toEqual({ settings: 6, trials: 12 });
    for (const { needs, settingKey, seed } of trials.filter(({ derivation }) => derivation !== null)) {
      const [only] = needs;
      expect(needs).toHaveLength(1);
      expect(trials[only?.position ?? -1]).toMatchObject({ seed, settingKey: settingKey.replace('replay:', '') });
    }
    const mean = parse({ weightings: [learned, { method: 'replay', of: 'learned', over: 'mean' }], seeds: [1, 2, 3] });
    const waiting = planSweep(mean).trials.filter(({ derivation }) => derivation !== null);
    expect(waiting.map(({ needs }) => needs.length)).toEqual([3, 3, 3]);
  });

  it('of what is not there, not learned or not one entry is refused', () => {
    expect(faultsOf({ weightings: [learned, { method: 'replay', of: 'leraned' }] })[0]).toMatch(
      /^weightings\[1\]\.of: must name a learned entry .* did you mean 'learned'\?/,
    );
    expect(faultsOf({ weightings: [{ method: 'equal' }, { method: 'replay', of: 'equal' }] })[0]).toContain(
      'equal weights are constant already',
    );
    const twice = [{ method: 'dwa' }, { method: 'dwa', temperature: 3 }, { method: 'replay', of: 'dwa' }];
    expect(faultsOf({ weightings: twice })[0]).toContain('fits entries 0, 1');
  });
});

describe('approx. optimal weights', () => {
  it('need every point that trains all tasks and the single-task networks, and train with other seeds', () => {
    const spec = parse({
      grid: { simplex: { step: 0.25 } },
      weightings: [{ method: 'approx-optimal' }],
      seeds: [2, 3],
    });
    const { trials, settings } = planSweep(spec);
    const waiting = trials.filter(({ derivation }) => derivation !== null);
    expect(waiting.map(({ seed }) => seed)).toEqual([4, 5]);
    const needed = new Set(waiting[0]?.needs.map(({ position }) => trials[position]?.settingKey));
    const wanted = settings.filter(
      ({ kind, tasks, weights }) => weights !== null && (kind === 'single' || tasks.length === 3),
    );
    expect([...needed].sort()).toEqual(wanted.map(({ key }) => key).sort());
    expect(waiting[0]?.needs).toHaveLength(2 * (3 + 3));
  });

  it('without a grid, or without what Δm is measured against, are refused', () => {
    const entry = { method: 'approx-optimal' };
    expect(faultsOf({ weightings: [entry] })[0]).toMatch(/^weightings\[0\]\.method: needs a grid/);
    const grid = { points: [{ semantic: 1, instance: 1, depth: 1 }] };
    expect(faultsOf({ weightings: [entry], grid, baselines: false })[0]).toMatch(
      /^weightings\[0\]\.criterion: is measured/,
    );
    expect(faultsOf({ weightings: [{ ...entry, criterion: 'depth' }], grid, baselines: false })).toEqual([]);
    expect(faultsOf({ weightings: [{ ...entry, criterion: 'dpeth' }], grid })[0]).toContain("did you mean 'depth'?");
  });
});

describe('rows of several architectures', () => {
  it('depend on rows of their own', () => {
    const spec = parse({
      models: [{ name: 'hard-sharing' }, { name: 'cross-stitch' }],
      grid: { simplex: { step: 0.25, corners: false } },
      weightings: [learned, { method: 'replay', of: 'learned' }, { method: 'approx-optimal' }],
    });
    const { trials, settings } = planSweep(spec);
    expect(settings).toHaveLength(countTrials(spec).settings);
    const modelOf = (position: number) => trials[position]?.config.model.name;
    const waiting = trials.filter(({ derivation }) => derivation !== null);
    expect(waiting.map(({ needs }) => needs.length)).toEqual([1, 3 + 3, 1, 3 + 3]);
    for (const { config, needs } of waiting) {
      const together = needs.filter(({ position }) => (trials[position]?.config.tasks.length ?? 0) > 1);
      expect(together.length).toBeGreaterThan(0);
      expect(new Set(together.map(({ position }) => modelOf(position)))).toEqual(new Set([config.model.name]));
    }
    expect(waiting.map(({ derivation }) => derivation?.kind === 'replay' && derivation.of)).toEqual(
      settings.flatMap(({ key, kind }) => (kind === 'learned' ? [key, false] : [])),
    );
  });
});

describe('the chosen point', () => {
  const tasks = ['semantic', 'depth'];
  const point = (position: number, errors: readonly number[], succeeded = true): Outcome[] =>
    errors.map((value) => ({
      setting: {
        key: `point ${String(position)}`,
        position,
        label: '',
        kind: 'fixed',
        tasks,
        weights: { semantic: position, depth: 1 },
      },
      succeeded,
      finalWeights: {},
      validation: [{ task: 'depth', metric: 'meanError', value }],
    }));
  const chosen = (outcomes: readonly Outcome[]) =>
    deriveWeights(
      { kind: 'best-point', criterion: 'depth' },
      { source: { workload: 'street-scenes' }, tasks },
      outcomes,
    );

  it('is the best mean over seeds, the first of equals, whatever order results come in', () => {
    const outcomes = [...point(3, [0.25, 0.75]), ...point(2, [0.5, 0.5]), ...point(1, [0.1, 1.9])];
    for (const order of [outcomes, [...outcomes].reverse()]) {
      expect(chosen(order)).toMatchObject({ weights: { semantic: 2, depth: 1 } });
    }
  });

  it('has all its seeds, and is not there when no point has', () => {
    const lacking = [...point(1, [0.1]), ...point(1, [0.1], false)];
    expect(chosen([...lacking, ...point(2, [0.5, 0.5])])).toMatchObject({ weights: { semantic: 2 } });
    expect(chosen(lacking)).toMatchObject({ fault: { code: 'NO_POINT_TO_CHOOSE' } });
  });
});
