import { describe, expect, it } from 'vitest';
import { optimizerConfig } from '../../services/shared/catalog/optimizers.js';
import { expandGrid } from '../../services/shared/plan/expand-grid.js';
import { planSweep, type SweepPlan } from '../../services/shared/plan/plan.js';
import { weightingNames, weightings } from '../../services/shared/catalog/weightings.js';
import { trialId } from '../../services/shared/ids.js';
import { countTrials } from '../../services/shared/sweep-spec/count.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { randomSpec } from '../helpers/random-spec.js';

const least = { name: 'least', workload: 'street-scenes', tasks: ['semantic', 'depth'], epochs: 3, baselines: false };
const parse = (change: object) => parseSweepSpec({ ...least, ...change }, { quick: false });
const plan = (change: object) => planSweep(parse(change));
const labels = (change: object): string[] => plan(change).settings.map((setting) => setting.label);
const keys = (change: object): string[] => plan(change).settings.map((setting) => setting.key);
const everySpec = Array.from({ length: 300 }, (_, seed) => parseSweepSpec(randomSpec(seed), { quick: false }));

/** The number of merged rows that a plan's remarks tell of. */
function repetitions(notes: readonly string[]): number {
  const further = /^and (\d+) further/.exec(notes.at(-1) ?? '')?.[1];
  return further === undefined ? notes.length : notes.length - 1 + Number(further);
}

describe('random specs', () => {
  it('have as many rows as were counted, less the merged ones', () => {
    for (const spec of everySpec) {
      const { settings, notes } = planSweep(spec);
      expect(notes.join(), JSON.stringify(spec)).not.toContain('repeats baseline');
      const counted = countTrials(spec).settings;
      // Architectures share rows of single tasks, and repeat what the first of them repeats, without a remark.
      if (spec.models === undefined) expect(settings.length + repetitions(notes), JSON.stringify(spec)).toBe(counted);
      else expect(settings.length, JSON.stringify(spec)).toBeLessThanOrEqual(counted);
    }
  });

  it('train each task alone when they ask for baselines', () => {
    for (const spec of everySpec.filter(({ baselines }) => baselines)) {
      const alone = planSweep(spec).settings.filter(({ kind }) => kind === 'single');
      const tasks = new Set(alone.flatMap((setting) => setting.tasks));
      expect([...tasks].sort(), JSON.stringify(spec)).toEqual([...spec.tasks].sort());
    }
  });

  it('give every trial a configuration and an id of its own, and the same ones again', () => {
    for (const spec of everySpec) {
      const { settings, trials } = planSweep(spec);
      expect(trials).toHaveLength(settings.length * spec.seeds.length);
      for (const { config } of trials) expect(trialConfig.parse(config)).toEqual(config);
      const ids = trials.map(({ config }) => trialId('sweep-1', config));
      expect(new Set(ids).size, JSON.stringify(spec)).toBe(trials.length);
      expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length);
      const again = planSweep(parseSweepSpec(JSON.parse(JSON.stringify(spec)), { quick: false }));
      expect(again.trials.map(({ config }) => trialId('sweep-1', config))).toEqual(ids);
    }
  });

  it('train exactly the tasks that have a weight', () => {
    for (const spec of everySpec) {
      const { settings, trials } = planSweep(spec);
      for (const { settingKey, config } of trials) {
        const setting = settings.find(({ key }) => key === settingKey);
        expect(new Set(config.tasks)).toEqual(new Set(setting?.tasks));
        expect(setting?.kind === 'learned').toBe(setting?.weights === null);
        if (setting?.weights == null) continue;
        expect(Object.keys(setting.weights)).toEqual(spec.tasks);
        const weighted = spec.tasks.filter((task) => (setting.weights?.[task] ?? 0) > 0);
        expect(weighted).toEqual(setting.tasks);
        expect(setting.kind).toBe(weighted.length === 1 ? 'single' : 'fixed');
      }
    }
  });
});

describe('a grid', () => {
  it('of a simplex has clean weights that sum to 1, from the first task to the last', () => {
    const points = expandGrid({ simplex: { step: 0.1, corners: true } }, ['semantic', 'depth']);
    expect(points.map(({ weights }) => [weights.semantic, weights.depth])).toEqual([
      [1, 0],
      [0.9, 0.1],
      [0.8, 0.2],
      [0.7, 0.3],
      [0.6, 0.4],
      [0.5, 0.5],
      [0.4, 0.6],
      [0.3, 0.7],
      [0.2, 0.8],
      [0.1, 0.9],
      [0, 1],
    ]);
  });

  it('of a simplex without corners trains every task in every row', () => {
    const points = expandGrid({ simplex: { step: 0.25, corners: false } }, ['semantic', 'instance', 'depth']);
    expect(points.map(({ weights }) => Object.values(weights))).toEqual([
      [0.5, 0.25, 0.25],
      [0.25, 0.5, 0.25],
      [0.25, 0.25, 0.5],
    ]);
  });

  it('of one task is the baseline itself', () => {
    const spec = { tasks: ['depth'], grid: { simplex: { step: 0.5, corners: false } }, baselines: true };
    expect(plan(spec)).toMatchObject({ settings: [{ key: 'depth=1', kind: 'single' }], notes: [] });
    expect(countTrials(parse(spec)).settings).toBe(1);
  });

  it('of values has every combination but that of zeros, the last task moving fastest', () => {
    expect(labels({ grid: { values: { depth: [0, 2], semantic: [0, 1] } } })).toEqual([
      'depth only (weight 2)',
      'semantic only',
      'semantic 1 · depth 2',
    ]);
  });

  it('of points keeps weights as they are: not rescaled', () => {
    const [trial] = plan({ grid: { points: [{ semantic: 3, depth: 1.5 }] } }).trials;
    expect(trial?.config.weighting).toEqual({ method: 'fixed', weights: { semantic: 3, depth: 1.5 } });
  });
});

describe('rows', () => {
  it('are baselines that the spec lacks, then the grid, then the weightings', () => {
    const spec = {
      tasks: ['semantic', 'instance', 'depth'],
      baselines: true,
      grid: { points: [{ semantic: 0.5, depth: 0.5 }, { instance: 1 }] },
      weightings: [{ method: 'uncertainty' }, { method: 'fixed', weights: { depth: 2 } }, { method: 'equal' }],
    };
    expect(labels(spec)).toEqual([
      'semantic only',
      'semantic 0.5 · depth 0.5',
      'instance only',
      'task uncertainty (semantic, instance, depth)',
      'depth only (weight 2)',
      'equal weights (semantic, instance, depth)',
    ]);
    expect(plan(spec).settings.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('that train the same are merged, with a remark and the label that was given', () => {
    const { settings, notes } = plan({
      grid: { points: [{ depth: 1 }, { semantic: 0.5, depth: 0.5 }, { semantic: 0, depth: 1 }, { depth: 2 }] },
      weightings: [
        { method: 'equal', label: 'unweighted sum' },
        { method: 'uncertainty' },
        { method: 'uncertainty', tasks: ['depth', 'semantic'], regulariser: 'log' },
      ],
    });
    expect(notes).toEqual([
      'grid.points[2] repeats grid.points[0]: trained once',
      'weightings[0] repeats grid.points[1]: trained once',
      'weightings[2] repeats weightings[1]: trained once',
    ]);
    expect(settings.map(({ label }) => label)).toEqual([
      'depth only',
      'unweighted sum',
      'depth only (weight 2)',
      'task uncertainty (semantic, depth)',
    ]);
  });

  it('have keys that say what they are and tell options apart', () => {
    const uncertainty = { method: 'uncertainty' };
    expect(
      keys({
        tasks: ['semantic', 'instance', 'depth'],
        grid: { points: [{ semantic: 0.9, depth: 0.1 }, { depth: 1 }] },
        weightings: [
          { method: 'equal' },
          { ...uncertainty, tasks: ['semantic', 'depth'] },
          uncertainty,
          { ...uncertainty, regression: 'squared', initialLogVariance: -1 },
        ],
      }),
    ).toEqual([
      'semantic=0.9,depth=0.1',
      'depth=1',
      'equal:semantic+instance+depth',
      'uncertainty:semantic+depth',
      'uncertainty:semantic+instance+depth',
      'uncertainty:semantic+instance+depth:regression=squared:initialLogVariance=-1',
    ]);
  });

  it('of a grid of repetitions do not bury the other remarks', () => {
    const { notes, settings } = plan({ grid: { points: Array.from({ length: 500 }, () => ({ depth: 1 })) } });
    expect(settings).toHaveLength(1);
    expect(notes).toHaveLength(21);
    expect(notes.at(-1)).toContain('479');
  });
});

describe('architectures', () => {
  const both = { models: [{ name: 'hard-sharing' }, { name: 'cross-stitch', own: 0.8 }] };
  const rows = { baselines: true, grid: { points: [{ semantic: 0.5, depth: 0.5 }] }, weightings: [{ method: 'famo' }] };

  /** In the order of the rows; trials come in the order in which they are to be trained. */
  const modelsOf = ({ settings, trials }: SweepPlan) =>
    settings.map(({ key }) => trials.find(({ settingKey }) => settingKey === key)?.config.model);

  it('are trained with every row, each task alone once in a network of its own', () => {
    const planned = plan({ ...rows, ...both });
    const { settings, notes } = planned;
    expect(settings.map(({ key }) => key)).toEqual([
      'semantic=1',
      'depth=1',
      'hard-sharing/semantic=0.5,depth=0.5',
      'hard-sharing/famo:semantic+depth',
      'cross-stitch:own=0.8/semantic=0.5,depth=0.5',
      'cross-stitch:own=0.8/famo:semantic+depth',
    ]);
    expect(settings.map(({ label }) => label)).toEqual([
      'semantic only',
      'depth only',
      'hard parameter sharing · semantic 0.5 · depth 0.5',
      'hard parameter sharing · FAMO (semantic, depth)',
      'cross-stitch network (own 0.8) · semantic 0.5 · depth 0.5',
      'cross-stitch network (own 0.8) · FAMO (semantic, depth)',
    ]);
    expect(
      modelsOf(planned)
        .map((model) => model?.name)
        .slice(2),
    ).toEqual([...['hard-sharing', 'hard-sharing'], ...['cross-stitch', 'cross-stitch']]);
    expect(new Set(settings.map(({ basis }) => basis)).size).toBe(1);
    expect(notes).toEqual([]);
  });

  it('take encoder and head of the model where they do not say otherwise, and then have baselines of their own', () => {
    const resnet = { name: 'resnet', units: 1 };
    const planned = plan({
      ...rows,
      model: { encoder: [8, 16], head: 12 },
      models: [{ name: 'cross-stitch' }, { name: 'cross-stitch', encoder: resnet, label: 'larger' }],
    });
    const { settings } = planned;
    const first = { name: 'cross-stitch', encoder: { name: 'plain', channels: [8, 16] }, head: 12 };
    expect(modelsOf(planned)).toMatchObject([
      ...[1, 2].map(() => ({ ...first, name: 'hard-sharing' })),
      ...[1, 2].map(() => ({ name: 'hard-sharing', encoder: resnet, head: 12 })),
      ...[1, 2].map(() => first),
      ...[1, 2].map(() => ({ ...first, encoder: resnet })),
    ]);
    expect(settings.at(-1)?.label).toBe('larger · FAMO (semantic, depth)');
    const bases = settings.map(({ basis }) => basis);
    expect(new Set(bases).size).toBe(2);
    expect(bases[0]).toBe(bases[4]);
    expect(bases[2]).toBe(bases[6]);
    expect(new Set(settings.map(({ key }) => key)).size).toBe(8);
  });

  it('of one entry leave names and ids as they are without the list', () => {
    const listed = plan({ ...rows, models: [{ name: 'cross-stitch' }] });
    expect(listed).toEqual(plan({ ...rows, model: { name: 'cross-stitch' } }));
  });
});

describe('trials', () => {
  const spec = { grid: { points: [{ depth: 1 }, { semantic: 1 }] }, seeds: [5, 3] };

  it('come with the first seed for all settings before the second', () => {
    expect(plan(spec).trials.map(({ position, label }) => [position, label])).toEqual([
      [0, 'depth only · seed 5'],
      [1, 'semantic only · seed 5'],
      [2, 'depth only · seed 3'],
      [3, 'semantic only · seed 3'],
    ]);
  });

  it('end with the shortest, so that the workers end together', () => {
    const points = [{ semantic: 1 }, { semantic: 1, depth: 1 }, { depth: 1 }, { semantic: 2, depth: 1 }];
    const { settings, trials } = plan({ grid: { points }, seeds: [1, 2] });
    const tasksOf = (seed: number) =>
      trials.filter((trial) => trial.seed === seed).map(({ config }) => config.tasks.length);
    expect(tasksOf(1)).toEqual([1, 2, 1, 2]);
    expect(tasksOf(2)).toEqual([2, 2, 1, 1]);
    expect(settings.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
  });

  it('hold all that a worker needs and nothing of the rest of the sweep', () => {
    expect(plan({ ...spec, data: { train: 10 }, limits: { parameters: 9, failures: 1 } }).trials[0]?.config).toEqual({
      version: 1,
      workload: 'street-scenes',
      data: { train: 10, validation: 150, test: 150, height: 64, width: 128, seed: 1 },
      tasks: ['depth'],
      weighting: { method: 'fixed', weights: { depth: 1 } },
      model: { name: 'hard-sharing', encoder: { name: 'plain', channels: [24, 48, 64, 64] }, head: 32 },
      optimizer: optimizerConfig.parse({ name: 'adam' }),
      epochs: 3,
      batchSize: 8,
      seed: 5,
      limits: { parameters: 9, stallSeconds: 300 },
      checkpoint: { everySeconds: 60, everySteps: 0, everyEpochs: 0, onStop: true, keep: 'none' },
    });
  });

  it('are the same whatever the sweep is called and in which order its columns are', () => {
    const idsOf = (change: object) =>
      plan({ ...spec, weightings: [{ method: 'uncertainty' }], ...change })
        .trials.map(({ config }) => trialId('sweep-1', config))
        .sort();
    expect(idsOf({ name: 'other', tasks: ['depth', 'semantic'] })).toEqual(idsOf({}));
    expect(idsOf({ epochs: 4 })).not.toEqual(idsOf({}));
  });
});

describe('every weighting of the catalog', () => {
  it('can be written with nothing but its name, and its options tell rows apart', () => {
    const learned = weightingNames.filter((method) => weightings[method].learned);
    const variants = [
      { method: 'mgda', gradients: 'parameters' },
      { method: 'random', distribution: 'dirichlet' },
      { method: 'famo', progress: 'next-batch' },
      { method: 'dwa', temperature: 4 },
    ];
    const { settings, notes } = plan({ weightings: [...learned.map((method) => ({ method })), ...variants] });
    expect(notes).toEqual([]);
    expect(settings.map(({ kind }) => kind)).toEqual(settings.map(() => 'learned'));
    expect(new Set(settings.map(({ key }) => key)).size).toBe(learned.length + variants.length);
    expect(new Set(settings.map(({ label }) => label)).size).toBe(learned.length + variants.length);
    expect(settings.slice(-4).map(({ key, label }) => [key, label])).toEqual([
      ['mgda:semantic+depth:gradients=parameters', 'MGDA (semantic, depth; gradients parameters)'],
      [
        'random:semantic+depth:distribution=dirichlet',
        'random loss weighting (semantic, depth; distribution dirichlet)',
      ],
      ['famo:semantic+depth:progress=next-batch', 'FAMO (semantic, depth; progress next-batch)'],
      ['dwa:semantic+depth:temperature=4', 'dynamic weight average (semantic, depth; temperature 4)'],
    ]);
  });
});
