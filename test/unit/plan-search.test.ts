import { describe, expect, it } from 'vitest';
import { deriveWeights } from '../../services/shared/plan/derive-weights.js';
import type { Outcome } from '../../services/shared/plan/outcome.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { countTrials } from '../../services/shared/sweep-spec/count.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { tinySpec } from '../helpers/cli.js';
import { specFaults } from '../helpers/spec-faults.js';

const searched = (search: object, more: Record<string, unknown> = {}) =>
  parseSweepSpec(tinySpec({ grid: undefined, weightings: [], seeds: [1], search, ...more }), { quick: false });

describe('a plan with a search', () => {
  it.each(['random', 'sobol'])(
    'has all points of %s from the start, each once, with the seeds of the sweep',
    (sampler) => {
      const spec = searched({ sampler, points: 12, least: 0.1 }, { seeds: [1, 2] });
      const { settings, trials, notes } = planSweep(spec);
      expect(notes).toEqual([]);
      expect(settings.map(({ kind }) => kind)).toEqual(['single', 'single', ...Array<string>(12).fill('fixed')]);
      for (const { weights } of settings.slice(2)) {
        expect((weights?.['semantic'] ?? 0) + (weights?.['depth'] ?? 0)).toBeCloseTo(1, 12);
        expect(Math.min(...Object.values(weights ?? {}))).toBeGreaterThanOrEqual(0.1);
      }
      expect(trials).toHaveLength(14 * 2);
      expect(trials.every(({ needs }) => needs.length === 0)).toBe(true);
      expect(planSweep(spec)).toEqual(planSweep(spec));
    },
  );

  it('counts what an adaptive search adds before anything is trained, and waits round by round', () => {
    const spec = searched({ sampler: 'tpe', points: 9, initial: 4, batch: 2 }, { seeds: [1, 2] });
    expect(countTrials(spec)).toEqual({ settings: 2 + 9, trials: 22 });
    const { settings, trials } = planSweep(spec);
    expect(trials).toHaveLength(22);
    expect(settings.slice(-5).map(({ key, label }) => [key, label])).toEqual(
      [5, 6, 7, 8, 9].map((point) => [`search:tpe:${point}`, `TPE point ${point}`]),
    );
    const needsOf = (label: string) => {
      const positions = new Set(trials.find((trial) => trial.label === label)?.needs.map(({ position }) => position));
      return trials.filter(({ position }) => positions.has(position)).map((trial) => trial.label);
    };
    // The single-task networks that Δm needs and the four first points, with both seeds.
    expect(needsOf('TPE point 5 · seed 2')).toHaveLength(2 * (2 + 4));
    expect(needsOf('TPE point 7 · seed 1').sort()).toEqual(
      [5, 6].flatMap((point) => [1, 2].map((seed) => `TPE point ${point} · seed ${seed}`)),
    );
    expect(needsOf('TPE point 9 · seed 1')).toEqual(needsOf('TPE point 9 · seed 2'));
    expect(needsOf('TPE point 9 · seed 1')).toHaveLength(4);
    expect(new Set(trials.map(({ config, derivation }) => JSON.stringify([config, derivation]))).size).toBe(22);
  });

  it('searches for each architecture apart, and lets the best point be chosen from all points', () => {
    const spec = searched(
      { sampler: 'refine', points: 4, initial: 3, batch: 1 },
      {
        models: [{ name: 'hard-sharing' }, { name: 'cross-stitch' }],
        model: undefined,
        weightings: [{ method: 'approx-optimal', label: 'chosen' }],
      },
    );
    const { trials, settings } = planSweep(spec);
    const of = (part: string) => trials.filter(({ label }) => label.includes(part));
    const needs = of('refinement point 4').map((trial) => trial.needs.map(({ position }) => position));
    expect(needs).toHaveLength(2);
    const shared = needs[0]?.filter((position) => needs[1]?.includes(position) === true) ?? [];
    const kinds = shared.map((position) => settings.find(({ key }) => key === trials[position]?.settingKey)?.kind);
    expect(new Set(kinds)).toEqual(new Set(['single']));
    for (const chosen of of('chosen')) expect(chosen.needs).toHaveLength(2 + 4);
  });

  it('refuses what cannot be searched, by the field', () => {
    const faults = (search: object, more: object = {}) =>
      specFaults(tinySpec({ grid: undefined, weightings: [], search, ...more })).map(
        ({ path, message }) => `${path}: ${message}`,
      );
    expect(faults({ sampler: 'tpe', points: 9 })).toEqual([]);
    expect(faults({ sampler: 'tpe', points: 9, metric: 'dpeth' })[0]).toMatch(/^search.metric: .*did you mean 'depth'/);
    expect(faults({ sampler: 'sobol', points: 9, least: 0.5 })[0]).toMatch(/^search.least: must be below 1\/2/);
    expect(faults({ sampler: 'sobol', points: 9, batch: 2 })[0]).toMatch(/^search.batch: /);
    expect(faults({ sampler: 'tpe', points: 1000 })[0]).toMatch(/^search.points: /);
    expect(faults({ sampler: 'sobol', points: 90_000 })[0]).toMatch(/^grid: .*limits.trials allows/);
    expect(faults({ sampler: 'sobol', points: 9 }, { tasks: ['depth'] })[0]).toMatch(/^search: needs two tasks/);
  });
});

describe('a point of a search', () => {
  const spec = searched({ sampler: 'tpe', points: 10, initial: 6, batch: 2, metric: 'semantic' });
  const { trials, settings } = planSweep(spec);
  const wanted = { source: spec, tasks: ['semantic', 'depth'] };
  const derivationOf = (label: string) => {
    const found = trials.find((trial) => trial.label.startsWith(label))?.derivation;
    if (found == null) throw new Error(label);
    return found;
  };
  /** As good as its weight is near 0.7. */
  const outcomes = settings
    .filter(({ kind, weights }) => kind === 'fixed' && weights !== null)
    .map((setting): Outcome => {
      const value = 1 - Math.abs((setting.weights?.['semantic'] ?? 0) - 0.7);
      return {
        setting,
        succeeded: true,
        finalWeights: {},
        validation: [{ task: 'semantic', metric: 'meanIoU', value }],
      };
    });

  it('is the same whatever the order of what ended, and differs from the others of its round', () => {
    const first = deriveWeights(derivationOf('TPE point 7'), wanted, outcomes);
    expect(deriveWeights(derivationOf('TPE point 7'), wanted, [...outcomes].reverse())).toEqual(first);
    const second = deriveWeights(derivationOf('TPE point 8'), wanted, outcomes);
    expect(second).not.toEqual(first);
    expect(first).toMatchObject({ note: 'chosen in round 1 from 6 points by Semantic class: IoU on validation' });
  });

  it('does without points that training gave up, but not without all of them', () => {
    const some = outcomes.map((one, place) => (place < 2 ? { ...one, succeeded: false } : one));
    expect(deriveWeights(derivationOf('TPE point 7'), wanted, some)).toMatchObject({
      note: 'chosen in round 1 from 4 points by Semantic class: IoU on validation',
    });
    const none = outcomes.map((one) => ({ ...one, succeeded: false }));
    expect(deriveWeights(derivationOf('TPE point 7'), wanted, none)).toMatchObject({
      fault: { code: 'NO_POINT_TO_CHOOSE' },
    });
  });
});
