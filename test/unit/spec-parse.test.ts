import { describe, expect, it } from 'vitest';
import { scheduleOptions } from '../../services/shared/schedule/options.js';
import { optimizerConfig } from '../../services/shared/catalog/optimizers.js';
import { countTrials } from '../../services/shared/sweep-spec/count.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { randomSpec } from '../helpers/random-spec.js';
import { specFaults } from '../helpers/spec-faults.js';

const least = { name: 'least', workload: 'street-scenes', tasks: ['semantic', 'depth'], epochs: 3 };
const full = (value: unknown) => parseSweepSpec(value, { quick: false });

describe('parseSweepSpec', () => {
  it('fills every default in', () => {
    expect(full({ ...least, weightings: [{ method: 'uncertainty' }] })).toEqual({
      ...least,
      data: { train: 600, validation: 150, test: 150, height: 64, width: 128, seed: 1 },
      weightings: [
        {
          method: 'uncertainty',
          tasks: ['semantic', 'depth'],
          regression: 'absolute',
          classification: 'approximate',
          regulariser: 'log',
          initialLogVariance: 0,
          learningRateMultiplier: 1,
        },
      ],
      baselines: true,
      seeds: [1],
      model: { name: 'hard-sharing', encoder: { name: 'plain', channels: [24, 48, 64, 64] }, head: 32 },
      optimizer: optimizerConfig.parse({ name: 'adam' }),
      batchSize: 8,
      limits: { trials: 10_000, parameters: 5_000_000, stallSeconds: 300, failures: 3 },
      schedule: scheduleOptions.parse({}),
      checkpoint: { everySeconds: 60, everySteps: 0, everyEpochs: 0, onStop: true, keep: 'none' },
    });
  });

  it('gives a spec that, sent as JSON, parses to itself', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const spec = randomSpec(seed);
      for (const quick of 'quick' in spec ? [false, true] : [false]) {
        const parsed = parseSweepSpec(spec, { quick });
        expect(full(JSON.parse(JSON.stringify(parsed))), `spec ${seed}`).toEqual(parsed);
      }
    }
  });

  it('takes the tasks of weightings in the order of the sweep’s, and those of fixed weights from the weights', () => {
    const spec = full({
      ...least,
      tasks: ['depth', 'instance', 'semantic'],
      weightings: [
        { method: 'equal', tasks: ['semantic', 'depth'] },
        { method: 'fixed', weights: { semantic: 1, instance: 0, depth: 2 } },
      ],
    });
    expect(spec.weightings.map((entry) => 'tasks' in entry && entry.tasks)).toEqual([
      ['depth', 'semantic'],
      ['depth', 'semantic'],
    ]);
  });

  it('keeps any text that can be shown', () => {
    const name = "<img src=x onerror=alert(1)>\n*.> '; DROP TABLE sweep; -- 🚗 ‮";
    expect(full({ ...least, name }).name).toBe(name);
  });

  it('ignores where an editor finds the schema', () => {
    expect(full({ ...least, $schema: '../docs/sweep-spec.schema.json' })).toEqual(full(least));
  });
});

describe('quick', () => {
  const spec = {
    ...least,
    data: { train: 100, height: 32 },
    seeds: [1, 2],
    optimizer: { name: 'sgd', momentum: 0.5 },
    quick: { data: { train: 10 }, seeds: [7], epochs: 1, optimizer: { learningRate: 0.1 } },
  };

  it('replaces fields, and options inside data, model and optimizer one by one', () => {
    const quick = parseSweepSpec(spec, { quick: true });
    expect(quick).toEqual({
      ...full(spec),
      data: { ...full(spec).data, train: 10 },
      seeds: [7],
      epochs: 1,
      optimizer: optimizerConfig.parse({ name: 'sgd', momentum: 0.5, learningRate: 0.1 }),
    });
    expect(countTrials(quick).settings).toBe(countTrials(full(spec)).settings);
  });

  it('brings another optimizer’s own options', () => {
    const quick = parseSweepSpec({ ...spec, quick: { optimizer: { name: 'adam' } } }, { quick: true });
    expect(quick.optimizer).toEqual(full(least).optimizer);
  });

  it('is checked also when it is not asked for, and named where it was written', () => {
    const wrong = { epochs: 0, data: { trian: 1 }, grid: {}, optimizer: { beta1: 0.5 } };
    expect(
      specFaults({ ...spec, quick: wrong })
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['quick.data.trian', 'quick.epochs', 'quick.grid', 'quick.optimizer.beta1']);
  });

  it('is not blamed for what is wrong in the spec itself', () => {
    const faults = specFaults({ ...spec, batchSize: 0, data: { height: 33 } });
    expect(faults.map(({ path }) => path)).toEqual(['data.height', 'batchSize']);
  });

  it('is blamed for a sweep that only it makes too large', () => {
    const [fault, ...others] = specFaults({ ...spec, quick: { seeds: [1, 2, 3] }, limits: { trials: 4 } });
    expect(others).toEqual([]);
    expect(fault?.path).toBe('quick');
    expect(fault?.message).toContain('6 trials');
  });

  it('must be there when it is asked for', () => {
    expect(specFaults(least, { quick: true })).toMatchObject([{ path: 'quick' }]);
  });
});
