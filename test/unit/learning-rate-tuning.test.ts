import { describe, expect, it } from 'vitest';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import { describeProcedure } from '../../services/shared/compare/procedure.js';
import type { SweepResults, TrialResult } from '../../services/shared/compare/results.js';
import { selectRates } from '../../services/shared/compare/select-rates.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { countTrials } from '../../services/shared/sweep-spec/count.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import type { TrialState } from '../../services/shared/trial-state.js';
import { tinySpec } from '../helpers/cli.js';
import { specFaults } from '../helpers/spec-faults.js';

const tuning = { learningRates: [0.001, 0.004] };
const spec = parseSweepSpec(tinySpec({ weightings: [], tuning }), { quick: false });
const plan = planSweep(spec);

/** What validation and test said of a trial: of semantic, of depth. */
type Numbers = { readonly validation: [number, number]; readonly test: [number, number] };
const pointsOf = ([iou, error]: [number, number], tasks: readonly string[]) =>
  [
    { task: 'semantic', metric: 'meanIoU', value: iou },
    { task: 'depth', metric: 'meanError', value: error },
  ].filter(({ task }) => tasks.includes(task));

function resultsOf(
  numbersOf: (trial: { label: string; rate: number; seed: number }) => Numbers,
  stateOf: (label: string) => TrialState = () => 'succeeded',
): SweepResults {
  const trials = plan.trials.map(({ label, settingKey, seed, config }): TrialResult => {
    const { validation, test } = numbersOf({ label, seed, rate: config.optimizer.learningRate });
    const state = stateOf(label);
    const of = (numbers: [number, number]) => (state === 'succeeded' ? pointsOf(numbers, config.tasks) : []);
    return {
      trialId: label,
      settingKey,
      label,
      seed,
      state,
      metrics: of(test),
      validation: of(validation),
      finalWeights: [],
    };
  });
  return {
    sweepId: 'sweep-1',
    name: 'tuned',
    workload: 'street-scenes',
    tasks: spec.tasks,
    state: 'completed',
    settings: [...plan.settings],
    tuning: { metric: 'delta-m' },
    trials,
  };
}

describe('a plan with several learning rates', () => {
  it('trains every row with every rate and every seed, and counts that beforehand', () => {
    expect(countTrials(spec)).toEqual({ settings: 3 * 2, trials: 3 * 2 * 2 });
    expect(plan.trials).toHaveLength(12);
    const budget = new Map<string, number[]>();
    for (const { settingKey, config } of plan.trials) {
      const family = settingKey.split('@')[0] ?? '';
      budget.set(family, [...(budget.get(family) ?? []), config.optimizer.learningRate].sort());
    }
    expect([...budget.values()]).toEqual(Array(3).fill([0.001, 0.001, 0.004, 0.004]));
    expect(plan.notes).toEqual([]);
    expect(plan.settings[1]).toMatchObject({ label: 'semantic only · learning rate 0.004', kind: 'single' });
  });

  it('refuses what would choose among trainings by itself, and single or repeated rates', () => {
    const faults = (more: object) =>
      specFaults(tinySpec({ epochs: 4, weightings: [], tuning, ...more })).map(({ path }) => path);
    expect(faults({})).toEqual([]);
    expect(faults({ stopping: { rule: 'asha' } })).toEqual(['stopping']);
    expect(faults({ search: { sampler: 'tpe', points: 4 } })).toEqual(['search.sampler']);
    expect(faults({ search: { sampler: 'sobol', points: 4 } })).toEqual([]);
    expect(faults({ weightings: [{ method: 'approx-optimal' }] })).toEqual(['weightings[0].method']);
    expect(faults({ tuning: { learningRates: [0.1] } })).toEqual(['tuning.learningRates']);
    expect(faults({ tuning: { ...tuning, metric: 'dpeth' } })).toEqual(['tuning.metric']);
  });
});

describe('the comparison of a tuned sweep', () => {
  // Of semantic alone 0.004 is better on validation and worse on test; of depth alone 0.001. Together: against 0.5 and 2,
  // 0.001 changes by +10 and −20 %, 0.004 by −4 and +10 %: means of −5 and +3 %.
  const numbersOf = ({ label, rate }: { label: string; rate: number }): Numbers => {
    const slow = rate === 0.001;
    if (label.startsWith('semantic only')) return { validation: [slow ? 0.4 : 0.5, 0], test: [slow ? 0.9 : 0.6, 0] };
    if (label.startsWith('depth only')) return { validation: [0, slow ? 2 : 3], test: [0, slow ? 4 : 1] };
    return { validation: slow ? [0.55, 2.4] : [0.48, 1.8], test: slow ? [0.9, 1] : [0.3, 5] };
  };

  it('shows of each setting the rate that is best on validation, whatever the test split says', () => {
    const comparison = compareSweep(resultsOf(numbersOf));
    expect(comparison.rows.map(({ setting }) => setting.label)).toEqual([
      'semantic only · learning rate 0.004',
      'semantic 0.5 · depth 0.5 · learning rate 0.004',
      'depth only · learning rate 0.001',
    ]);
    expect(comparison.rows.map(({ trials }) => trials.length)).toEqual([2, 2, 2]);
    // Δm on test: (0.3 − 0.6)/0.6 and (4 − 5)/4.
    expect(comparison.rows[1]?.delta?.total.mean).toBeCloseTo((-50 - 25) / 2, 10);
  });

  it('chooses nothing before every rate of a setting has ended, and never a rate that lacks a seed', () => {
    const running = selectRates(
      resultsOf(numbersOf, (label) =>
        label.startsWith('depth only · learning rate 0.004 · seed 2') ? 'running' : 'succeeded',
      ),
    );
    expect(running.settings.filter(({ label }) => label.startsWith('depth only'))).toHaveLength(2);
    // Without the chosen single-task network of depth there is no Δm to choose by.
    expect(running.settings.filter(({ label }) => label.startsWith('semantic 0.5'))).toHaveLength(2);
    expect(running.settings.filter(({ label }) => label.startsWith('semantic only'))).toHaveLength(1);
    const failed = selectRates(
      resultsOf(numbersOf, (label) =>
        label.startsWith('semantic only · learning rate 0.004 · seed 2') ? 'failed' : 'succeeded',
      ),
    );
    expect(failed.settings.map(({ label }) => label)).toContain('semantic only · learning rate 0.001');
  });

  it('says how many rates were tried', () => {
    expect(describeProcedure({ workload: 'street-scenes', spec }, spec.tasks)[0]).toMatch(
      /^Learning rate tuned with an equal budget: every setting was trained with each of 2 rates \(0.001, 0.004\) and all seeds; shown is the best of each on the validation split/,
    );
  });
});
