import { describe, expect, it } from 'vitest';
import { asha } from '../../services/shared/early-stopping/asha.js';
import { earlyStops, type EpochValue, type WatchedTraining } from '../../services/shared/early-stopping/decide.js';
import { median } from '../../services/shared/early-stopping/median.js';
import type { Contender } from '../../services/shared/early-stopping/rule.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { spreadOut } from '../../services/shared/plan/stopping-roles.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import type { Stopping } from '../../services/shared/sweep-spec/stopping-schema.js';
import { tinySpec } from '../helpers/cli.js';
import { specFaults } from '../helpers/spec-faults.js';

const curveOf = (id: string, ...values: number[]): Contender => ({
  id,
  curve: new Map(values.map((value, index) => [index + 1, value])),
});

describe('ASHA', () => {
  const options = { minEpochs: 1, reduction: 3 };

  it('has its rungs at the powers of the reduction, the last epoch not among them', () => {
    expect(asha.epochs(options, 27)).toEqual([1, 3, 9]);
    expect(asha.epochs(options, 28)).toEqual([1, 3, 9, 27]);
    expect(asha.epochs({ minEpochs: 2, reduction: 4 }, 30)).toEqual([2, 8]);
  });

  // Brute force of the paper's rule (Li et al. 2020, algorithm 2, line "top_k(rung k, |rung k| / η)").
  it('lets those go on that the top ⌊n/η⌋ of the rung hold, whatever n', () => {
    for (let n = 1; n <= 13; n += 1) {
      const values = Array.from({ length: n }, (_, index) => (index * 7) % n);
      const all = values.map((value, index) => curveOf(String(index), value));
      const top = [...values].sort((a, b) => b - a).slice(0, Math.max(1, Math.floor(n / 3)));
      const going = all.filter(
        (own) =>
          asha.judge(
            own,
            all.filter((other) => other !== own),
            options,
            9,
          ) === undefined,
      );
      expect(new Set(going.map(({ curve }) => curve.get(1)))).toEqual(new Set(top));
    }
  });

  it('judges at the highest rung that was reached: a late bloomer is not stopped for a lower one', () => {
    const late = curveOf('late', 0, 0, 9);
    const early = curveOf('early', 5, 5, 5);
    const first = curveOf('first', 7);
    expect(asha.judge(late, [early, first], options, 9)).toBeUndefined();
    expect(asha.judge(early, [late, first], options, 9)).toMatchObject({ epoch: 3 });
  });

  it('keeps what is equal, and stops an early one when others come', () => {
    const one = curveOf('one', 5);
    expect(asha.judge(one, [curveOf('two', 5)], options, 9)).toBeUndefined();
    expect(asha.judge(one, [curveOf('two', 6)], options, 9)).toMatchObject({ epoch: 1 });
  });
});

describe('the median rule', () => {
  const options = { minEpochs: 2, minSettings: 3 };
  // Running means up to epoch 2: 2, 4, 6; their median is 4.
  const others = [curveOf('a', 1, 3), curveOf('b', 3, 5), curveOf('c', 5, 7)];

  it('stops what has never been above the median of the running means', () => {
    expect(median.judge(curveOf('own', 3.9, 1), others, options, 5)).toMatchObject({ epoch: 2 });
    expect(median.judge(curveOf('own', 4, 1), others, options, 5)).toBeUndefined();
    expect(median.judge(curveOf('own', 1, 4.1), others, options, 5)).toBeUndefined();
  });

  it('waits for enough others and for the first epochs', () => {
    expect(median.judge(curveOf('own', 0, 0), others.slice(1), options, 5)).toBeUndefined();
    expect(median.judge(curveOf('own', 0), others, options, 5)).toBeUndefined();
    expect(median.judge(curveOf('own', 0, 0), [...others.slice(1), curveOf('d', 9)], options, 5)).toBeUndefined();
  });
});

describe('what is stopped in a sweep', () => {
  const stopping: Stopping = { rule: 'asha', metric: 'delta-m', minEpochs: 1, reduction: 2, exempt: ['baselines'] };
  const sweep = { source: { workload: 'street-scenes' }, tasks: ['semantic', 'depth'], epochs: 4, stopping };
  const values = (epoch: number, iou?: number, error?: number): EpochValue[] => [
    ...(iou === undefined ? [] : [{ epoch, task: 'semantic', metric: 'meanIoU', value: iou }]),
    ...(error === undefined ? [] : [{ epoch, task: 'depth', metric: 'meanError', value: error }]),
  ];
  const training = (id: string, own: EpochValue[], more: Partial<WatchedTraining> = {}): WatchedTraining => {
    const both = ['semantic', 'depth'];
    return { id, role: 'judged', running: true, tasks: both, model: null, basis: null, values: own, ...more };
  };
  const baselines = [
    training('s', [...values(1, 0.2), ...values(4, 0.4)], { role: 'baseline', tasks: ['semantic'] }),
    training('d', values(4, undefined, 2), { role: 'baseline', tasks: ['depth'] }),
  ];

  it('is measured against the newest epoch of the single-task networks', () => {
    // Against (0.4, 2): a −25 % and +50 %, b −50 % and +70 %: means +12.5 and +10. Against 0.2 b would be ahead of a.
    const stops = earlyStops(sweep, [
      ...baselines,
      training('a', values(1, 0.3, 1)),
      training('b', values(1, 0.2, 0.6)),
    ]);
    expect(stops.map(({ id, epoch }) => [id, epoch])).toEqual([['b', 1]]);
    expect(stops[0]?.message).toBe('ASHA: after epoch 1 of 4, by Δm on validation, place 2 of 2; the best one went on');
  });

  it('is nothing while the single-task networks are behind, and never what has ended', () => {
    const both = [training('a', values(1, 0.3, 1)), training('b', values(1, 0.1, 3))];
    expect(earlyStops(sweep, both)).toEqual([]);
    expect(earlyStops(sweep, [baselines[0] as WatchedTraining, ...both])).toEqual([]);
    expect(earlyStops(sweep, [...baselines, ...both.map((one) => ({ ...one, running: false }))])).toEqual([]);
  });

  it('competes with the same architecture and, by Δm, with the same tasks', () => {
    const good = training('a', values(1, 0.5, 1));
    const bad = values(1, 0.1, 9);
    expect(earlyStops(sweep, [...baselines, good, training('b', bad, { model: 'other' })])).toEqual([]);
    const three = { ...sweep, tasks: ['semantic', 'instance', 'depth'] };
    expect(earlyStops(three, [...baselines, good, training('b', bad, { tasks: three.tasks })])).toEqual([]);
    const byIou = { ...three, stopping: { ...stopping, metric: 'semantic' } };
    expect(earlyStops(byIou, [good, training('b', bad, { tasks: three.tasks })]).map(({ id }) => id)).toEqual(['b']);
    const byError = { ...sweep, stopping: { ...stopping, metric: 'depth.meanError' } };
    expect(earlyStops(byError, [good, training('b', bad)]).map(({ id }) => id)).toEqual(['b']);
  });
});

describe('a plan with early stopping', () => {
  const stopped = (overrides: Record<string, unknown> = {}) =>
    parseSweepSpec(
      tinySpec({
        grid: { simplex: { step: 0.25 } },
        weightings: [
          { method: 'uncertainty', label: 'learned' },
          { method: 'replay', of: 'learned', label: 'replayed' },
          { method: 'approx-optimal', label: 'chosen' },
        ],
        seeds: [1, 2],
        epochs: 4,
        stopping: { rule: 'asha' },
        ...overrides,
      }),
      { quick: false },
    );
  const rolesOf = (spec: ReturnType<typeof stopped>) =>
    Object.fromEntries(planSweep(spec).trials.map(({ label, stopping }) => [label, stopping]));

  it('judges the first seed of what is neither exempt nor needed, and lets the others follow', () => {
    expect(rolesOf(stopped())).toEqual({
      'semantic only · seed 1': null,
      'depth only · seed 1': null,
      'semantic 0.5 · depth 0.5 · seed 1': 'judged',
      'semantic 0.75 · depth 0.25 · seed 1': 'judged',
      'semantic 0.25 · depth 0.75 · seed 1': 'judged',
      'learned · seed 1': null,
      'replayed · seed 1': null,
      'chosen · seed 3': null,
      'semantic only · seed 2': null,
      'depth only · seed 2': null,
      'semantic 0.5 · depth 0.5 · seed 2': 'follows',
      'semantic 0.75 · depth 0.25 · seed 2': 'follows',
      'semantic 0.25 · depth 0.75 · seed 2': 'follows',
      'learned · seed 2': null,
      'replayed · seed 2': null,
      'chosen · seed 4': null,
    });
    // Not exempt, but the replay cannot do without it.
    expect(rolesOf(stopped({ stopping: { rule: 'asha', exempt: ['baselines'] } }))['learned · seed 1']).toBeNull();
  });

  it('trains first what the others are measured against, and spreads what is judged over the table', () => {
    const { trials } = planSweep(stopped());
    expect(trials.slice(0, 5).map(({ label }) => label)).toEqual([
      'semantic only · seed 1',
      'depth only · seed 1',
      'semantic 0.75 · depth 0.25 · seed 1',
      'semantic 0.25 · depth 0.75 · seed 1',
      'semantic 0.5 · depth 0.5 · seed 1',
    ]);
    expect(spreadOut([0, 1, 2, 3, 4, 5, 6, 7])).toEqual([0, 4, 2, 6, 1, 5, 3, 7]);
    expect(spreadOut([0, 1, 2, 3, 4]).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(spreadOut([])).toEqual([]);
    expect(trials.map(({ position }) => position)).toEqual(trials.map((_, place) => place));
  });

  it('refuses a metric that is not there, and what could never stop anything', () => {
    const faults = (stopping: object, more: object = {}) =>
      specFaults(tinySpec({ epochs: 4, ...more, stopping })).map(({ path, message }) => `${path}: ${message}`);
    expect(faults({ rule: 'asha', metric: 'semantc' })[0]).toMatch(
      /^stopping.metric: .*'semantc'.*did you mean 'semantic'/,
    );
    expect(faults({ rule: 'asha', metric: 'depth.meanError' })).toEqual([]);
    expect(faults({ rule: 'asha', minEpochs: 4 })[0]).toMatch(/^stopping.minEpochs: must be below the 4 epochs/);
    expect(faults({ rule: 'median', exempt: [] })[0]).toMatch(/^stopping.exempt: must hold baselines/);
    expect(faults({ rule: 'median', metric: 'depth', exempt: [] })).toEqual([]);
    expect(faults({ rule: 'asha' }, { baselines: false, grid: { points: [{ semantic: 1, depth: 1 }] } })[0]).toMatch(
      /^stopping.metric: is measured against each task trained alone/,
    );
    expect(faults({ rule: 'hyperband' })[0]).toMatch(/^stopping.rule: /);
  });
});
