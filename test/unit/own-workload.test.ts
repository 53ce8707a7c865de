import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownOptions, type OwnOptions, type OwnWorkloads } from '../../services/shared/catalog/own-workloads.js';
import { tasksOf } from '../../services/shared/catalog/workloads.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import type { SpecError } from '../../services/shared/sweep-spec/spec-error.js';
import { packageRoot } from '../../services/shared/version.js';
import { train } from '../../services/worker/trainer/train.js';
import type { FromTrainer } from '../../services/worker/trainer-protocol.js';
import { loadOwnWorkloads, type LoadedWorkload } from '../../services/worker/workloads/own/load.js';
import { openOwnWorkload } from '../../services/worker/workloads/own/open.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-own-'));
const cacheFolder = join(folder, 'cache');
const examples = join(packageRoot, 'examples', 'workloads');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => tf.setBackend('cpu'));

const load = (places: readonly string[], from = folder): Promise<LoadedWorkload[]> =>
  loadOwnWorkloads({ places, folder: from }, cacheFolder);
const known = (loaded: readonly LoadedWorkload[]): OwnWorkloads =>
  new Map(loaded.map(({ entry }) => [entry.name, entry]));
const specOf = (name: string): unknown => parse(readFileSync(join(examples, `${name}.yaml`), 'utf8'));

/** Writes a module and loads it. */
async function loadText(file: string, text: string): Promise<LoadedWorkload> {
  writeFileSync(join(folder, file), text);
  const [loaded] = await load([`./${file}`]);
  if (loaded === undefined) throw new Error('nothing was loaded');
  return loaded;
}

describe.each(['beams', 'clocks', 'islands'])('the example %s', (name) => {
  it('is told without its data, planned from that alone, and trained at its quick size', async () => {
    const [loaded] = await load([`${name}.ts`], examples);
    if (loaded === undefined) throw new Error('nothing was loaded');
    const spec = parseSweepSpec(specOf(name), { quick: true, own: known([loaded]) });
    // As stored: tables and charts know the tasks from the spec alone.
    expect(tasksOf(spec).map((task) => task.name)).toEqual(spec.tasks);
    const { trials } = planSweep(spec);
    const config = trials.find((trial) => trial.config.tasks.length === spec.tasks.length)?.config;
    if (config === undefined) throw new Error('no trial trains all tasks');
    const workload = await openOwnWorkload(loaded, ownOptions.parse(config.data), {
      cacheFolder,
      dataFolder: join(examples, 'data'),
    });
    const said: FromTrainer[] = [];
    const end = await train(
      { ...config, epochs: 1, model: { ...config.model, encoder: small(config.model.encoder), head: 4 } },
      {
        workload,
        kinds: taskKindImplementations,
        backend: 'cpu',
        say: (message) => said.push(message),
        signal: new AbortController().signal,
      },
    );
    workload.close?.();
    expect(end).toBe('succeeded');
    const points = said.flatMap((message) => (message.type === 'metrics' ? message.points : []));
    for (const task of tasksOf(spec)) {
      const first = points.find((point) => point.split === 'test' && point.task === task.name);
      expect(
        points.some((point) => point.split === 'test' && point.metric === task.metrics[0]?.name),
        `${task.name}, whose first point is ${JSON.stringify(first)}`,
      ).toBe(true);
    }
  });
});

type Encoder = ReturnType<typeof planSweep>['trials'][number]['config']['model']['encoder'];
function small(encoder: Encoder): Encoder {
  return { ...encoder, channels: encoder.channels.slice(0, 2).map(() => 4) };
}

const twoNumbers = `
import { defineWorkload, mean, z } from 'sigmasweep/workload';
const rows = [[0, 10, 'a'], [1, 20, 'b'], [2, undefined, 'a'], [3, 60, undefined]];
const samples = rows.map(([x, size, letter]) => ({ input: [x, -x], targets: { size, letter } }));
export default defineWorkload({
  name: 'two-numbers',
  tasks: { size: { kind: 'regression' }, letter: { kind: 'classification', classes: ['a', 'b'] } },
  options: z.strictObject({ rows: z.int().min(1).max(4).default(4) }),
  metrics: {
    size: {
      bias: { better: 'lower', unit: 'm', sum: mean(({ prediction, target }) => prediction - target) },
      same: { better: 'higher', sum: mean(({ target }) => (rows.some(([, size]) => size === target) ? 1 : 0)) },
    },
    letter: { trust: { better: 'higher', sum: mean(({ prediction, target }) => prediction[target]) } },
  },
  data: ({ rows }) => ({
    input: { features: 2 },
    splits: { train: samples.slice(0, rows), validation: samples, test: samples },
  }),
});
`;

describe('a workload’s metrics', () => {
  it('are told predictions and targets in the unit of the data, and nothing that is not known', async () => {
    const loaded = await loadText('two-numbers.js', twoNumbers);
    const open = await openOwnWorkload(loaded, optionsOf(loaded), { cacheFolder });
    const [size, letter] = open.tasks;
    if (size === undefined || letter === undefined) throw new Error('a task is missing');
    const { targets } = open.splits.test.batch([0, 1, 2, 3], ['size', 'letter']);
    // The training split's mean is 30; its deviation the root of (400 + 100 + 900) / 3.
    const deviation = Math.sqrt(1400 / 3);
    expect(size.scaling?.mean).toBeCloseTo(30, 5);
    expect(size.scaling?.deviation).toBeCloseTo(deviation, 4);
    const bias = size.ownMetrics?.();
    // In batches that do not divide the set: 30 for each, which is 0 in deviations.
    bias?.update(new Float32Array(3), targets['size']?.subarray(0, 3) ?? new Float32Array(), 3);
    bias?.update(new Float32Array(1), targets['size']?.subarray(3) ?? new Float32Array(), 1);
    expect(bias?.result()['bias']).toBeCloseTo((20 + 10 - 30) / 3, 4);
    // The very numbers that the samples said, although they are trained in deviations.
    expect(bias?.result()['same']).toBe(1);
    const trust = letter.ownMetrics?.();
    trust?.update(Float32Array.from([Math.log(3), 0, 0, 0, 0, Math.log(9), 5, 5]), targets['letter'] as Int32Array, 4);
    expect(trust?.result()['trust']).toBeCloseTo((0.75 + 0.5 + 0.1) / 3, 5);
    open.close?.();
  });
});

/** The options of a trial of it. */
function optionsOf({ entry: { name, tasks, version } }: LoadedWorkload, broken: 'skip' | 'fail' = 'skip'): OwnOptions {
  return ownOptions.parse({ name, tasks, version, broken });
}

describe('what a spec says of a workload', () => {
  it('is checked against what its worker tells, with the path of each fault', async () => {
    const own = known([await loadText('two-numbers.js', twoNumbers)]);
    const spec = {
      name: 'x',
      workload: 'own',
      tasks: ['size'],
      data: { name: 'two-numbers' },
      grid: { points: [{ size: 1 }] },
      epochs: 1,
    };
    expect(parseSweepSpec(spec, { quick: false, own }).data).toMatchObject({ options: { rows: 4 } });
    const faultsOf = (changes: object, workloads = own): string[] => {
      try {
        parseSweepSpec({ ...spec, ...changes }, { quick: false, own: workloads });
        return [];
      } catch (error) {
        return (error as SpecError).faults.map(({ path, message }) => `${path} ${message}`);
      }
    };
    expect(faultsOf({ data: { name: 'two-numbers', options: { rows: 9 } } })).toEqual([
      'data.options.rows must be at most 4; found 9',
    ]);
    expect(faultsOf({ data: { name: 'two-numbers', options: { row: 1 } } })[0]).toContain("did you mean 'rows'?");
    expect(faultsOf({ data: { name: 'two-number' } })[0]).toContain("did you mean 'two-numbers'?");
    expect(faultsOf({ data: {} })).toHaveLength(1);
    expect(faultsOf({ tasks: ['sise'] })[0]).toContain("did you mean 'size'?");
    expect(faultsOf({}, new Map())[0]).toContain('no worker has brought one along');
  });

  it('stays the same sweep when it is read again as it was stored', async () => {
    const own = known([await loadText('two-numbers.js', twoNumbers)]);
    const spec = {
      name: 'x',
      workload: 'own',
      tasks: ['size', 'letter'],
      data: { name: 'two-numbers' },
      weightings: [{ method: 'uncertainty' }],
      epochs: 1,
    };
    const once = parseSweepSpec(spec, { quick: false, own });
    expect(parseSweepSpec(once, { quick: false, own })).toEqual(once);
  });
});

describe('a workload’s version', () => {
  it('follows from the code, wherever it lies, and from the files that it imports', async () => {
    const place = (name: string, constant: string): string => {
      mkdirSync(join(folder, name, 'node_modules'), { recursive: true });
      symlinkSync(join(packageRoot, 'node_modules', 'yaml'), join(folder, name, 'node_modules', 'yaml'));
      writeFileSync(join(folder, name, 'constant.ts'), `export const constant: number = ${constant};\n`);
      const text = twoNumbers
        .replace('import { define', "import 'yaml';\nimport { constant } from './constant.js';\nimport { define")
        .replace('prediction - target', 'constant * (prediction - target)');
      writeFileSync(join(folder, name, 'workload.ts'), text);
      return join(folder, name);
    };
    const versionIn = async (at: string): Promise<string | undefined> =>
      (await load(['workload.ts'], at))[0]?.entry.version;
    const here = await versionIn(place('here', '1'));
    expect(await versionIn(place('elsewhere', '1'))).toBe(here);
    expect(await versionIn(place('changed', '2'))).not.toBe(here);
  });
});

describe('a workload that cannot be used', () => {
  it.each([
    ['no default export', 'export const workload = 1;', 'No matching export'],
    ['another default export', 'export default { name: "x" };', 'has no workload as its default export'],
    ['code that is none', 'export default defineWorkload({', 'cannot be loaded'],
    ['code that throws', 'throw new Error("no licence"); export default 1;', 'no licence'],
    ['a package that is not there', "import 'left-pad-of-nobody'; export default 1;", 'left-pad-of-nobody'],
    ['a name with blanks', twoNumbers.replace("'two-numbers'", "'Two numbers'"), 'name must be small letters'],
    ['a metric of its kind', twoNumbers.replace('bias:', 'r2:'), 'metrics.size.r2 has the name of a metric'],
    ['a metric of no task', twoNumbers.replace('letter: { trust', 'word: { trust'), 'metrics.word is for no task'],
    ['options that are no data', twoNumbers.replace('z.int().min(1).max(4)', 'z.date()'), 'JSON Schema'],
    ['a task named trial', twoNumbers.replaceAll('size', 'trial'), 'must not have a task named'],
  ])('is refused for %s', async (what, text, found) => {
    await expect(loadText(`${what.replaceAll(' ', '-')}.ts`, text)).rejects.toThrow(found);
  });

  it.each([
    ['too few numbers', 'input: [x, -x]', 'input: [x]', 'has 1 numbers of input; 1 × 1 × 2 are expected'],
    ['NaN', 'input: [x, -x]', 'input: [x, NaN]', 'has NaN at position 1'],
    ['a class of none', "'b'], [2", "'c'], [2", "has the class 'c' for letter; the classes are a, b"],
    ['a text for a number', '20,', "'20',", "has '20' for size; a finite number"],
    ['an empty split', 'test: samples', 'test: []', 'has no samples for the test split'],
    ['pixels of features', "kind: 'regression'", "kind: 'depth'", 'which have no pixels'],
  ])('says what is wrong with %s', async (what, from, to, found) => {
    const loaded = await loadText(
      `${what.replaceAll(' ', '-')}.js`,
      twoNumbers.replace(from, to).replace('size: { bias', 'letter: { bias'),
    );
    await expect(openOwnWorkload(loaded, optionsOf(loaded, 'fail'), { cacheFolder })).rejects.toThrow(found);
  });
});
