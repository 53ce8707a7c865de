import { describe, expect, it } from 'vitest';
import { specFaults } from '../helpers/spec-faults.js';

const good = {
  name: 'good',
  workload: 'street-scenes',
  tasks: ['semantic', 'depth'],
  grid: { points: [{ semantic: 1 }, { depth: 1 }] },
  epochs: 1,
};
const thousands = Array.from({ length: 10_000 }, (_, index) => index + 1);

/** What is wrong: the change of a good spec, the path of its only fault, and words that its message must have. */
type Case = readonly [what: string, change: object, path: string, ...words: string[]];

const points = (...list: unknown[]) => ({ grid: { points: list } });
const weighting = (entry: object) => ({ weightings: [entry] });

const cases: readonly Case[] = [
  ['misspelt task', { tasks: ['semantic', 'dpeth'] }, 'tasks[1]', "'dpeth'", "did you mean 'depth'?"],
  ['no tasks', { tasks: [], grid: undefined }, 'tasks', 'empty'],
  ['task twice', { tasks: ['depth', 'semantic', 'depth'] }, 'tasks[2]', "'depth'", '[0]'],
  ['task of the wrong type', { tasks: ['semantic', 5] }, 'tasks[1]', 'semantic, instance, depth', '5'],
  ['tasks as text', { tasks: 'semantic' }, 'tasks', 'a list', "'semantic'"],
  ['misspelt workload', { workload: 'street-scene' }, 'workload', "did you mean 'street-scenes'?"],
  ['missing workload', { workload: undefined }, 'workload', 'missing', 'street-scenes'],
  ['missing epochs', { epochs: undefined }, 'epochs', 'missing', 'whole number'],
  ['epochs in words', { epochs: 'ten' }, 'epochs', 'whole number', "'ten'"],
  ['half an epoch', { epochs: 1.5 }, 'epochs', 'whole number', '1.5'],
  ['no epochs', { epochs: 0 }, 'epochs', 'at least 1', 'found 0'],
  ['unknown key', { epoch: 3 }, 'epoch', "did you mean 'epochs'?"],
  ['unknown key far from all', { colour: 3 }, 'colour', 'known: name, workload'],
  ['nothing as data', { data: null }, 'data', 'a mapping', 'nothing'],
  ['unknown data option', { data: { trian: 3 } }, 'data.trian', "did you mean 'train'?"],
  ['height off the raster', { data: { height: 63 } }, 'data.height', 'multiple of 8', '63'],
  ['name of blanks', { name: ' \n ' }, 'name', 'visible'],
  ['name with a null byte', { name: 'a\u0000b' }, 'name', 'control', "'a\\u0000b'"],
  ['name with an escape sequence', { name: '\u001b[2Jgone' }, 'name', 'control', '\\u001b'],
  ['name with half a surrogate pair', { name: 'a\ud83d' }, 'name', 'control'],
  ['name too long', { name: 'x'.repeat(201) }, 'name', 'at most 200 characters'],
  ['seed twice', { seeds: [1, 2, 1] }, 'seeds[2]', 'found 1', '[0]'],
  ['negative seed', { seeds: [-1] }, 'seeds[0]', 'at least 0', '-1'],
  ['no seeds', { seeds: [] }, 'seeds', 'empty'],
  ['misspelt model', { model: { name: 'hard-sharng' } }, 'model.name', "did you mean 'hard-sharing'?"],
  [
    'a weighting of gradients that the architecture does not have',
    { model: { name: 'cross-stitch' }, weightings: [{ method: 'mgda' }] },
    'weightings[0].gradients',
    'shared representation, which cross-stitch does not have; it has it on the shared parameters (parameters)',
  ],
  [
    'an encoder that attention has no place in',
    { model: { name: 'mtan' } },
    'model.encoder',
    '2 layers',
    'plain with 1',
  ],
  [
    'a weighting of gradients where nothing stays shared',
    { models: [{ name: 'hard-sharing' }, { name: 'adaptive' }], weightings: [{ method: 'pcgrad' }] },
    'weightings[0].method',
    'under adaptive no part of the network',
    '(models[1])',
  ],
  ['a start from nothing', { transfer: {} }, 'transfer', 'a trial or a file', 'neither'],
  ['a start from two', { transfer: { trial: 'trial-1', file: 'a' } }, 'transfer', 'both'],
  ['a file out of its folder', { transfer: { file: 'a/../../b' } }, 'transfer.file', 'within the folder'],
  ['an absolute file', { transfer: { file: '/etc/passwd' } }, 'transfer.file', 'within the folder'],
  [
    'more trained blocks than there are',
    { transfer: { file: 'a', trainBlocks: 5 } },
    'transfer.trainBlocks',
    'at most the 4 blocks of model.encoder; found 5',
  ],
  [
    'a weighting of gradients on what does not move',
    { transfer: { file: 'a', trainBlocks: 0 }, weightings: [{ method: 'pcgrad' }] },
    'weightings[0].method',
    'transfer.trainBlocks is 0',
  ],
  [
    'gradients on a last shared layer that does not move',
    {
      model: { name: 'cross-stitch' },
      optimizer: { learningRates: { encoder: 0 } },
      weightings: [{ method: 'cagrad' }, { method: 'gradnorm' }],
    },
    'weightings[1].method',
    'on the last shared layer, which does not move: optimizer.learningRates.encoder is 0',
  ],
  [
    'gradients on what is shared where none of it moves',
    {
      model: { name: 'cross-stitch' },
      optimizer: { learningRates: { encoder: 0, stitch: 0 } },
      weightings: [{ method: 'equal' }, { method: 'cagrad' }],
    },
    'weightings[1].method',
    'decides how the shared part of the network moves, which it does not',
  ],
  [
    'a predicted noise of directions',
    {
      workload: 'nyuv2',
      data: { folder: 'nyuv2' },
      tasks: ['depth', 'normals'],
      grid: { points: [{ depth: 1 }] },
      uncertainty: { heteroscedastic: ['depth', 'normals'] },
    },
    'uncertainty.heteroscedastic[1]',
    'a task of kind segmentation, instance-vectors, depth',
    'of kind normals',
    'no likelihood',
  ],
  [
    'a predicted noise under a weighting by logarithms of losses',
    { uncertainty: { heteroscedastic: ['depth'] }, weightings: [{ method: 'equal' }, { method: 'geometric' }] },
    'weightings[1].method',
    'needs losses above 0, and those of depth',
  ],
  [
    'a predicted noise under gradients that are divided by losses',
    {
      uncertainty: { heteroscedastic: ['depth'] },
      weightings: [
        { method: 'mgda', normalise: 'norm' },
        { method: 'mgda', normalise: 'loss-and-norm' },
      ],
    },
    'weightings[1].normalise',
    'needs losses above 0, and those of depth',
  ],
  [
    'an architecture twice',
    { models: [{ name: 'cross-stitch' }, { name: 'cross-stitch', own: 0.9 }] },
    'models[1]',
    'models[0]',
  ],
  [
    'an option of another architecture',
    { models: [{ name: 'hard-sharing', own: 1 }] },
    'models[0].own',
    'not a known key',
  ],
  [
    'a learning rate of a group that the architecture does not have',
    { optimizer: { learningRates: { stitch: 10 } } },
    'optimizer.learningRates.stitch',
    'no group of hard-sharing',
  ],
  ['misspelt option of the model', { model: { haed: 8 } }, 'model.haed', "did you mean 'head'?"],
  ['option of another optimizer', { optimizer: { momentum: 0.9 } }, 'optimizer.momentum', 'beta1'],
  ['limit above the ceiling', { limits: { trials: 1e6 } }, 'limits.trials', 'at most 100000', '1000000'],
  ['grid of no form', { grid: {} }, 'grid', 'exactly one of points, values, simplex', 'none'],
  ['grid of two forms', { grid: { points: [{ depth: 1 }], simplex: { step: 1 } } }, 'grid', 'points and simplex'],
  ['grid as a list', { grid: thousands }, 'grid', 'a mapping', 'a list of 10000'],
  ['misspelt form', { grid: { point: [] } }, 'grid.point', "did you mean 'points'?"],
  ['empty points', points(), 'grid.points', 'empty'],
  ['empty axis', { grid: { values: { depth: [], semantic: [1] } } }, 'grid.values.depth', 'empty'],
  ['axes of zeros', { grid: { values: { depth: [0], semantic: [0] } } }, 'grid.values', 'above 0'],
  ['task of the workload but not of the sweep', points({ instance: 1 }), 'grid.points[0].instance', 'semantic, depth'],
  ['misspelt task in a point', points({ dept: 1 }), 'grid.points[0].dept', "did you mean 'depth'?"],
  [
    'negative weight',
    points({ depth: 1 }, { depth: 1, semantic: -0.5 }),
    'grid.points[1].semantic',
    '0 or more',
    '-0.5',
  ],
  ['all weights 0', points({ depth: 0, semantic: 0 }), 'grid.points[0]', 'above 0'],
  ['point without weights', points({ depth: 1 }, {}), 'grid.points[1]', 'above 0'],
  ['NaN as weight', points({ depth: NaN }), 'grid.points[0].depth', 'number', 'NaN'],
  ['infinite weight', points({ depth: Infinity }), 'grid.points[0].depth', 'number', 'Infinity'],
  ['huge weight', points({ depth: 1e9 }), 'grid.points[0].depth', '1000000'],
  ['weight as text', points({ depth: '1' }), 'grid.points[0].depth', 'number', "'1'"],
  ['step 0', { grid: { simplex: { step: 0 } } }, 'grid.simplex.step', 'at least', 'found 0'],
  ['step above 1', { grid: { simplex: { step: 2 } } }, 'grid.simplex.step', 'at most 1', 'found 2'],
  ['step that does not divide 1', { grid: { simplex: { step: 0.3 } } }, 'grid.simplex.step', '0.25', 'found 0.3'],
  ['simplex without points', { grid: { simplex: { step: 1, corners: false } } }, 'grid.simplex.step', '1/2', 'found 1'],
  ['weighting without method', weighting({}), 'weightings[0].method', 'missing', 'fixed, equal, uncertainty'],
  ['misspelt method', weighting({ method: 'uncertanty' }), 'weightings[0].method', "did you mean 'uncertainty'?"],
  [
    'misspelt option',
    weighting({ method: 'uncertainty', regresion: 'squared' }),
    'weightings[0].regresion',
    "'regression'",
  ],
  [
    'unknown value',
    weighting({ method: 'uncertainty', regression: 'l2' }),
    'weightings[0].regression',
    'absolute, squared',
  ],
  [
    'weighting of a task outside',
    weighting({ method: 'equal', tasks: ['instance'] }),
    'weightings[0].tasks[0]',
    'semantic, depth',
  ],
  ['learned weights of one task', weighting({ method: 'uncertainty', tasks: ['depth'] }), 'weightings[0].tasks', 'two'],
  [
    'fixed weights of a task outside',
    weighting({ method: 'fixed', weights: { depth: 1, instance: 1 } }),
    'weightings[0].weights.instance',
    'semantic, depth',
  ],
  ['fixed weights of zero', weighting({ method: 'fixed', weights: { depth: 0 } }), 'weightings[0].weights', 'above 0'],
  [
    'fixed weights against tasks',
    weighting({ method: 'fixed', weights: { depth: 1 }, tasks: ['semantic'] }),
    'weightings[0].tasks',
    'depth',
    'semantic',
  ],
  ['nothing to train', { grid: undefined, baselines: false }, 'grid', 'nothing to train'],
];

describe('a bad spec', () => {
  for (const [what, change, path, ...words] of cases) {
    it(what, () => {
      const faults = specFaults({ ...good, ...change });
      expect(faults.map((fault) => fault.path)).toEqual([path]);
      for (const word of words) expect(faults[0]?.message).toContain(word);
    });
  }

  it('is good before it is made bad', () => {
    expect(specFaults(good)).toEqual([]);
  });

  it('of 10^12 points is counted, not expanded', () => {
    const tasks = ['semantic', 'instance', 'depth'];
    const values = Object.fromEntries(tasks.map((task) => [task, thousands]));
    const [fault, ...others] = specFaults({ ...good, tasks, grid: { values }, baselines: false });
    expect(others).toEqual([]);
    expect(fault?.path).toBe('grid');
    expect(fault?.message).toContain('1,000,000,000,000 trials');
    expect(fault?.message).toContain('limits.trials allows 10,000');
  });

  it('of a finest simplex is counted too', () => {
    const [fault] = specFaults({
      ...good,
      tasks: ['semantic', 'instance', 'depth'],
      grid: { simplex: { step: 1e-6 } },
    });
    expect(fault?.message).toContain('500,001,500,001 settings');
  });

  it('is refused for everything that is wrong with it at once', () => {
    const faults = specFaults({
      name: 7,
      workload: 'street-scenes',
      tasks: ['semantic', 'dpeth', 'semantic'],
      grid: { points: [{ semantic: -1, dpeth: 1 }, {}] },
      weightings: [{ method: 'x' }, { method: 'uncertainty', tasks: ['depth'] }],
      seeds: [1, 1, 'two'],
      optimiser: {},
    });
    expect(faults.map(({ path }) => path).sort()).toEqual([
      'epochs',
      'grid.points[0].dpeth',
      'grid.points[0].semantic',
      'grid.points[1]',
      'name',
      'optimiser',
      'seeds[1]',
      'seeds[2]',
      'tasks[1]',
      'tasks[2]',
      'weightings[0].method',
      'weightings[1].tasks',
    ]);
  });

  it('shows a hundred of thousands of faults and how many more there are', () => {
    const faults = specFaults({ ...good, grid: { points: Array.from({ length: 5_000 }, () => ({})) } });
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)?.message).toContain('4900');
  });

  it('of names without end is told in few words', () => {
    const long = 'x'.repeat(70_000);
    for (const change of [{ [long]: 1 }, { grid: { [long]: 1, points: [{ depth: 1 }] } }, { tasks: [long] }]) {
      for (const { path, message } of specFaults({ ...good, ...change })) {
        expect(path.length + message.length).toBeLessThan(500);
      }
    }
  });

  it.each([[null], [[]], ['text'], [3]])('that is no mapping: %j', (value) => {
    expect(specFaults(value)).toMatchObject([{ path: '' }]);
  });

  it('cannot bring a prototype', () => {
    const spec = JSON.parse('{"__proto__": {"epochs": 5}, "data": {"__proto__": {"train": 5}}}') as object;
    const paths = specFaults({ ...good, ...spec }).map(({ path }) => path);
    expect(paths).toEqual(['__proto__', 'data.__proto__']);
  });
});
