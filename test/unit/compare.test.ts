import { describe, expect, it } from 'vitest';
import { compareSweep, type Comparison } from '../../services/shared/compare/comparison.js';
import { deltaM } from '../../services/shared/compare/delta-m.js';
import { comparisonNotes, protocolLine } from '../../services/shared/compare/notes.js';
import { formatChange, formatWeight } from '../../services/shared/compare/number-forms.js';
import type { Setting, SweepResults, TrialResult } from '../../services/shared/compare/results.js';
import { spread } from '../../services/shared/compare/statistics.js';
import { textTable } from '../../services/shared/compare/text-table.js';
import { paperResults, paperTables } from '../helpers/paper-tables.js';

const tasks = ['semantic', 'depth'];

function setting(key: string, position: number, trained = tasks, weights: Setting['weights'] = null): Setting {
  const kind = trained.length === 1 ? 'single' : weights === null ? 'learned' : 'fixed';
  return {
    key,
    position,
    label: key,
    kind,
    method: weights ? 'fixed' : 'uncertainty',
    tasks: trained,
    weights,
    note: null,
  };
}

/** One trial per seed from 1; undefined stands for one that has not finished. */
function trials(key: string, runs: readonly ({ iou?: number; depth?: number } | undefined)[]): TrialResult[] {
  return runs.map((run, place) => ({
    trialId: `${key}-${String(place)}`,
    settingKey: key,
    label: `${key} · seed ${String(place + 1)}`,
    seed: place + 1,
    state: run === undefined ? 'queued' : 'succeeded',
    metrics: [
      ...(run?.iou === undefined ? [] : [{ task: 'semantic', metric: 'meanIoU', value: run.iou }]),
      ...(run?.depth === undefined ? [] : [{ task: 'depth', metric: 'meanError', value: run.depth }]),
    ],
    finalWeights: [],
  }));
}

function sweep(settings: Setting[], ...all: TrialResult[][]): SweepResults {
  return {
    sweepId: 'sweep-1',
    name: 'a sweep',
    workload: 'street-scenes',
    tasks,
    state: 'completed',
    settings,
    trials: all.flat(),
  };
}

const singleClass = setting('class only', 0, ['semantic'], { semantic: 1, depth: 0 });
const even = setting('even', 1, tasks, { semantic: 0.5, depth: 0.5 });
const singleDepth = setting('depth only', 2, ['depth'], { semantic: 0, depth: 1 });
const learned = setting('learned', 3);

/** Names of the settings whose primary metric of a task is marked as best. */
function bestOf(comparison: Comparison, task: string): string[] {
  const column = comparison.columns.findIndex((one) => one.task === task && one.primary);
  return comparison.rows.filter(({ cells }) => cells[column]?.best === true).map(({ setting: { label } }) => label);
}

describe('the paper’s own tables', () => {
  it.each([
    ['a', { semantic: 'Task uncertainty', depth: 'Task uncertainty' }],
    ['b', { instance: 'Task uncertainty', depth: 'Task uncertainty' }],
    ['c', { semantic: '3 tasks', instance: '2 tasks', depth: '3 tasks' }],
  ] as const)('(%s) has the paper’s best cells', (name, best) => {
    const comparison = compareSweep(paperResults(paperTables[name]));
    for (const [task, label] of Object.entries(best)) expect(bestOf(comparison, task), task).toEqual([label]);
  });

  it.each([
    // 100 · (62.7 − 59.4) / 59.4 and 100 · (0.640 − 0.533) / 0.640
    ['a', 11, [5.55556, 16.71875], 11.1372],
    // 100 · (50.1 − 59.4) / 59.4 …, of table c also 100 · (4.61 − 3.79) / 4.61
    ['a', 7, [-5.21886, 5.9375], 0.3593],
    ['b', 10, [23.21041, 15.78125], 19.4958],
    ['c', 3, [-15.65657, 17.78742, 7.5], 3.2103],
    ['c', 8, [6.73401, 24.0781, 18.4375], 16.4165],
  ] as const)('(%s) row %i has the Δm that was worked out by hand', (name, row, shares, total) => {
    const delta = compareSweep(paperResults(paperTables[name])).rows[row]?.delta;
    expect(delta?.shares).toHaveLength(shares.length);
    delta?.shares.forEach(({ change }, place) => expect(change.mean).toBeCloseTo(shares[place] ?? NaN, 4));
    expect(delta?.total.mean).toBeCloseTo(total, 4);
    expect(delta?.total.deviation).toBeUndefined();
  });

  it('measures only settings of several tasks, and calls the best only what trains all of them', () => {
    const { rows } = compareSweep(paperResults(paperTables.c));
    expect(rows.map(({ delta }) => delta !== undefined)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
    // Two tasks alone reach +19.5, but a mean over other tasks does not compare with +16.4 over all.
    expect(rows.map(({ deltaBest }) => deltaBest).lastIndexOf(true)).toBe(8);
    expect(rows.filter(({ deltaBest }) => deltaBest)).toHaveLength(1);
  });
});

describe('Δm over seeds', () => {
  const results = sweep(
    [singleClass, even, singleDepth],
    trials('class only', [{ iou: 0.5 }, { iou: 0.7 }]),
    trials('even', [
      { iou: 0.66, depth: 0.4 },
      { iou: 0.54, depth: 0.45 },
    ]),
    trials('depth only', [{ depth: 0.5 }, { depth: 0.5 }]),
  );

  it('measures every seed against the baseline’s mean', () => {
    const delta = compareSweep(results).rows[1]?.delta;
    // Against 0.6 and 0.5: seed 1 is +10 % and +20 %, seed 2 is −10 % and +10 %.
    expect(delta?.shares[0]?.change.mean).toBeCloseTo(0, 10);
    expect(delta?.shares[1]?.change.mean).toBeCloseTo(15, 10);
    expect(delta?.total.mean).toBeCloseTo(7.5, 10);
    // 15 and 0: the deviation is √(7.5² + 7.5²).
    expect(delta?.total.deviation).toBeCloseTo(7.5 * Math.SQRT2, 10);
  });

  it('is not defined where one of the tasks has no baseline, and says why', () => {
    const without = { ...results, settings: results.settings.filter(({ key }) => key !== 'depth only') };
    const comparison = compareSweep(without);
    expect(comparison.hasDelta).toBe(true);
    expect(comparison.rows[1]?.delta).toBeUndefined();
    expect(comparisonNotes(comparison).join()).toContain('Δm of settings with Depth is not defined');
    const waiting = compareSweep({
      ...results,
      trials: results.trials.filter(({ settingKey }) => settingKey !== 'depth only'),
    });
    expect(comparisonNotes(waiting).join()).toContain('Depth needs the network trained on it alone');
  });

  it('has no column without single tasks', () => {
    const comparison = compareSweep({ ...results, settings: [even] });
    expect(comparison.hasDelta).toBe(false);
    expect(comparisonNotes(comparison).join()).not.toContain('Δm');
  });

  it('has no meaning against a baseline of 0 or for one task', () => {
    const task = (baseline: number) => ({ task: 'x', better: 'lower' as const, baseline });
    expect(deltaM([task(0), task(1)], [[1, 1]])).toBeUndefined();
    expect(deltaM([task(1)], [[1]])).toBeUndefined();
    expect(deltaM([task(1), task(1)], [])).toBeUndefined();
  });
});

describe('an unfinished sweep', () => {
  const failed: TrialResult = {
    ...(trials('even', [undefined, undefined, { iou: 0.99, depth: 0.01 }])[2] as TrialResult),
    state: 'failed',
  };
  const comparison = compareSweep({
    ...sweep(
      [singleClass, even, singleDepth, learned],
      trials('class only', [{ iou: 0.5 }, { iou: 0.52 }, undefined]),
      [...trials('even', [{ iou: 0.9, depth: 0.1 }, undefined]), failed],
      trials('depth only', [{ depth: 0.6 }, { depth: 0.64 }, undefined]),
      trials('learned', [undefined, undefined, undefined]),
    ),
    state: 'running',
  });
  const column = comparison.columns.findIndex(({ metric }) => metric.name === 'meanIoU');

  it('counts finished trials only, whatever others have reported', () => {
    expect(comparison.rows[1]?.cells[column]?.spread).toEqual({ mean: 0.9, deviation: undefined, count: 1 });
    expect(comparison.rows.map(({ finished, trials: { length } }) => [finished, length])).toEqual([
      [2, 3],
      [1, 3],
      [2, 3],
      [0, 3],
    ]);
  });

  it('tells a task that is not trained from one without a result', () => {
    expect(comparison.rows[2]?.cells[column]).toBeUndefined();
    expect(comparison.rows[3]?.cells[column]).toMatchObject({ spread: undefined, best: false, close: false });
  });

  it('does not call the best what one early seed has reached', () => {
    // 0.9 of one seed does not compete with 0.51 of two, which then is alone.
    expect(bestOf(comparison, 'semantic')).toEqual([]);
    expect(comparisonNotes(comparison)).toContain('Best values are chosen among settings with 2 finished seeds.');
  });

  it('names what failed and counts what is to come', () => {
    const notes = comparisonNotes(comparison).join('\n');
    expect(notes).toContain('Failed (1): even · seed 3');
    expect(notes).toContain('6 of 12 trials have not ended yet.');
    expect(notes).toContain('networks of Semantic class, Depth have not finished all of their seeds');
    expect(protocolLine(comparison)).toContain('seeds 1, 2, 3');
  });
});

describe('order and ties', () => {
  const results = sweep(
    [singleClass, even, singleDepth, learned],
    trials('class only', [{ iou: 0.1 + 0.2 }, { iou: 0.3 }, { iou: 0.7 }]),
    trials('even', [
      { iou: 0.61, depth: 0.1 },
      { iou: 0.7, depth: 0.2 },
      { iou: 1 / 3, depth: 0.3 },
    ]),
    trials('depth only', [{ depth: 0.6 }, { depth: 0.1 }, { depth: 0.4 }]),
    trials('learned', [
      { iou: 0.123456, depth: 0.9 },
      { iou: 0.2, depth: 0.3 },
      { iou: 0.1, depth: 0.7 },
    ]),
  );

  it('does not depend on the order in which trials and settings come, not in the last bit', () => {
    const expected = compareSweep(results);
    const rotate = <Item>(items: readonly Item[], by: number): Item[] => [...items.slice(by), ...items.slice(0, by)];
    for (let by = 1; by < results.trials.length; by += 1) {
      const shuffled = { ...results, trials: rotate(results.trials, by), settings: rotate(results.settings, by % 4) };
      expect(compareSweep(shuffled)).toEqual(expected);
      expect(compareSweep({ ...shuffled, trials: shuffled.trials.toReversed() })).toEqual(expected);
    }
  });

  it('gives seeds that are swapped the same means and deviations', () => {
    const swapped = {
      ...results,
      trials: results.trials.map((trial) => ({ ...trial, seed: trial.seed === 1 ? 3 : trial.seed === 3 ? 1 : 2 })),
    };
    const numbers = (comparison: Comparison) =>
      comparison.rows.map(({ cells, delta }) => [cells.map((cell) => cell?.spread), delta?.total]);
    expect(numbers(compareSweep(swapped))).toEqual(numbers(compareSweep(results)));
  });

  it('marks all that read the same', () => {
    const tied = sweep(
      [singleClass, even, learned],
      trials('class only', [{ iou: 0.6271 }]),
      trials('even', [{ iou: 0.62749, depth: 0.5334 }]),
      trials('learned', [{ iou: 0.626, depth: 0.5336 }]),
    );
    // 62.7 and 62.7 against 62.6 in %; 0.533 against 0.534.
    expect(bestOf(compareSweep(tied), 'semantic')).toEqual(['class only', 'even']);
    expect(bestOf(compareSweep(tied), 'depth')).toEqual(['even']);
  });
});

describe('learned weights', () => {
  it('are averaged over the seeds that have ended', () => {
    const end = (weight: number) => [
      { task: 'semantic', weight, normalisedWeight: weight / (weight + 1), variance: 1 / weight },
      { task: 'depth', weight: 1, normalisedWeight: 1 / (weight + 1), variance: null },
    ];
    const [one, two, three] = trials('learned', [{ iou: 0.5, depth: 0.5 }, { iou: 0.5, depth: 0.5 }, undefined]);
    const comparison = compareSweep({
      ...sweep([learned]),
      trials: [{ ...one, finalWeights: end(1) }, { ...two, finalWeights: end(3) }, three] as TrialResult[],
    });
    const [semantic, depth] = comparison.rows[0]?.weights ?? [];
    expect(semantic?.learned?.weight).toEqual({ mean: 2, deviation: Math.SQRT2, count: 2 });
    expect(semantic?.learned?.normalised.mean).toBeCloseTo((1 / 2 + 3 / 4) / 2, 12);
    expect(semantic?.learned?.variance?.mean).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(depth?.learned?.variance).toBeUndefined();
    expect(semantic?.fixed).toBeUndefined();
  });
});

describe('numbers', () => {
  it('have no deviation alone and no mean when there is none', () => {
    expect(spread([])).toBeUndefined();
    expect(spread([3])).toEqual({ mean: 3, deviation: undefined, count: 1 });
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sum of squares 32, sample variance 32 / 7.
    expect(spread([9, 2, 4, 5, 4, 4, 7, 5])?.deviation).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  it.each([
    [1, '1.0'],
    [0.975, '0.975'],
    [0.5, '0.5'],
    [1 / 3, '0.333'],
    [0.9995, '0.9995'],
    [0.1 + 0.2, '0.3'],
    [10, '10.0'],
    [0, '0'],
    [1e-7, '1e-7'],
  ])('weight %d is written %s', (weight, text) => {
    expect(formatWeight(weight)).toBe(text);
  });

  it.each([
    [5.25, '+5.3'],
    [-1.21, '−1.2'],
    [-0.04, '0.0'],
    [0.04, '0.0'],
  ])('a change of %d is written %s', (mean, text) => {
    expect(formatChange({ mean, deviation: undefined, count: 1 }).mean).toBe(text);
  });
});

describe('architectures', () => {
  const of = (base: Setting, model: string, basis: string): Setting => {
    return {
      ...base,
      key: `${model}/${base.key}`,
      position: base.position + (basis === 'larger' ? 3 : 0),
      model,
      basis,
    };
  };
  const sized = (results: TrialResult[], parameters: number): TrialResult[] =>
    results.map((trial) => ({ ...trial, parameters, multiplyAdds: 1000 * parameters }));
  const settings = ['small', 'larger'].flatMap((basis) =>
    [singleClass, singleDepth, even].map((base) => of(base, `${basis} net`, basis)),
  );
  const comparison = compareSweep(
    sweep(
      settings,
      ...['small', 'larger'].flatMap((basis, place) => [
        sized(trials(`${basis} net/class only`, [{ iou: 0.5 + place / 10 }]), 1000),
        sized(trials(`${basis} net/depth only`, [{ depth: 2 }]), 1000),
        sized(trials(`${basis} net/even`, [{ iou: 0.6, depth: 2 }]), 1500 * (place + 1)),
      ]),
    ),
  );

  it('are measured against single-task networks of their own basis', () => {
    const deltas = comparison.rows
      .filter(({ setting }) => setting.tasks.length > 1)
      .map(({ delta }) => delta?.total.mean);
    // 100 · (0.6 − 0.5) / 0.5 and 100 · (0.6 − 0.6) / 0.6, halved: depth is as good as alone.
    expect(deltas[0]).toBeCloseTo(10);
    expect(deltas[1]).toBeCloseTo(0);
  });

  it('show what their networks cost, where there are several', () => {
    expect(comparison.hasSizes).toBe(true);
    const table = textTable(comparison);
    expect(table.columns.slice(-2).map(({ heading }) => heading)).toEqual(['Parameters [10³]', 'Multiply-adds [10⁶]']);
    expect(table.rows.map(({ cells }) => cells.slice(-2).map(({ main }) => main))).toEqual([
      ['1.0', '1.0'],
      ['1.5', '1.5'],
      ['1.0', '1.0'],
      ['1.0', '1.0'],
      ['3.0', '3.0'],
      ['1.0', '1.0'],
    ]);
    expect(table.rows.map(({ lineAbove }) => lineAbove)).toEqual([false, false, false, true, false, false]);
    expect(compareSweep(sweep([even], trials('even', [{ iou: 0.6, depth: 2 }]))).hasSizes).toBe(false);
  });
});
