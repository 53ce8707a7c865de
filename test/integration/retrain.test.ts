import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { train } from '../../services/worker/trainer/train.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import { cliSandbox, tinySpec } from '../helpers/cli.js';
import { everything } from '../helpers/tiers.js';

const sandbox = cliSandbox();
afterAll(() => sandbox.remove());

/** Numbers that tell how long something took. */
const timed = new Set(['secondsPerStep', 'trainSeconds']);

const points = [
  { semantic: 0.9, depth: 0.1 },
  { semantic: 0.4, depth: 0.6 },
];

it.runIf(everything)(
  'a trial trained again by hand gives every number that its sweep has stored, to the last bit',
  async () => {
    const spec = sandbox.writeSpec(
      'sweep.json',
      tinySpec({
        seeds: [3],
        grid: { points },
        weightings: [
          { method: 'uncertainty', learningRateMultiplier: 10, label: 'learned' },
          { method: 'replay', of: 'learned' },
          { method: 'approx-optimal' },
        ],
      }),
    );
    const up = await sandbox.run(['up', '--backend', 'wasm']);
    expect(up.code, up.stderr).toBe(0);
    const ran = await sandbox.run(['run', spec, '--exit']);
    expect(ran.code, ran.stderr).toBe(0);

    const record = readFileSync(join(sandbox.folder, 'state', 'run.json'), 'utf8');
    const database = connectDatabase((JSON.parse(record) as { databaseUrl: string }).databaseUrl, 2);
    try {
      const trials = await database.trial.findMany({ orderBy: { position: 'asc' } });
      // Two single-task baselines, the points of the grid, task uncertainty, and two that follow from those before.
      expect(trials).toHaveLength(7);
      await expectDerived(database, trials);
      const { backend } = await openBackend('wasm');
      for (const trial of trials) {
        const config = trialConfig.parse(trial.config);
        if (config.workload !== 'street-scenes') throw new Error('this sweep trains a network of sigmasweep');
        const again = new Map<string, number>();
        await train(config, {
          workload: await workloadImplementations[config.workload].open(config.data, { cacheFolder: sandbox.folder }),
          kinds: taskKindImplementations,
          backend,
          say: (message) => {
            if (message.type !== 'metrics') return;
            for (const { epoch, split, task, metric, value } of message.points) {
              if (!timed.has(metric)) again.set([epoch, split, task, metric].join(), value);
            }
          },
          signal: new AbortController().signal,
        });
        const stored = await database.metric.findMany({ where: { trialId: trial.id, metric: { notIn: [...timed] } } });
        expect(stored.length).toBeGreaterThan(10);
        expect(new Map(stored.map((row) => [[row.epoch, row.split, row.task, row.metric].join(), row.value]))).toEqual(
          again,
        );
      }
    } finally {
      await database.$disconnect();
    }
  },
);

type Database = ReturnType<typeof connectDatabase>;
type Trials = Awaited<ReturnType<Database['trial']['findMany']>>;

/** What follows from other trials was trained with what these ended with. */
async function expectDerived(database: Database, trials: Trials): Promise<void> {
  const weightsOf = ({ config }: Trials[number]): Record<string, number> => {
    const { weighting } = trialConfig.parse(config);
    return weighting.method === 'fixed' ? weighting.weights : {};
  };
  const of = (kind: string): Trials[number] => {
    const found = trials.find(({ derivation }) => (derivation as { kind?: string } | null)?.kind === kind);
    if (found === undefined) throw new Error(`no trial is ${kind}`);
    return found;
  };
  const learned = trials.find(({ config }) => trialConfig.parse(config).weighting.method === 'uncertainty');
  const last = await database.metric.findMany({
    where: { trialId: learned?.id ?? '', metric: 'weight', split: 'train', epoch: 2 },
  });
  expect(weightsOf(of('replay'))).toEqual(Object.fromEntries(last.map(({ task, value }) => [task, value])));
  expect(weightsOf(of('replay'))['semantic']).not.toBe(1);
  expect(points).toContainEqual(weightsOf(of('best-point')));
  // Fresh seeds, which did not choose the point.
  expect(of('best-point').seed).not.toBe(3);
}
