import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../../services/shared/version.js';
import { cliSandbox } from '../helpers/cli.js';
import { everything } from '../helpers/tiers.js';

/** The two examples with all that makes them what they are, at a size that takes seconds. */
const sandbox = cliSandbox();
beforeAll(async () => {
  expect((await sandbox.run(['up', '--workers', '1'])).code).toBe(0);
});
afterAll(async () => {
  await sandbox.run(['down']);
  await sandbox.remove();
});

function tiny(name: string, more: object): string {
  const text = readFileSync(join(packageRoot, 'examples', name), 'utf8');
  const size = {
    data: { train: 24, validation: 8, test: 8, height: 16, width: 32 },
    model: { name: 'hard-sharing', encoder: [8, 8, 8], head: 8 },
    batchSize: 8,
    quick: undefined,
  };
  return sandbox.writeSpec(`${name}.json`, {
    ...(readSpecText(text, name) as Record<string, unknown>),
    ...size,
    ...more,
  });
}

describe('the examples, trained by real processes', () => {
  it('early stopping ends trainings on their workers and shows them as stopped', async () => {
    // Epochs enough that a stop arrives before the end, whatever the machine does meanwhile.
    const spec = tiny('early-stopping.yaml', { seeds: [1], epochs: 100, weightings: [] });
    const { code, stdout, stderr } = await sandbox.run(['run', spec, '--exit']);
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    expect(stdout).toContain('Early stopping by ASHA');
    expect(stdout).toMatch(/stopped \(epoch \d+\)/);
    const status = await sandbox.run(['status', 'latest']);
    expect(status.stdout).toMatch(/ stopped .*ASHA: after epoch \d+ of 100, by Δm on validation, place \d+ of \d+/);
    // The single-task baselines are exempt, and at least one point goes to the end.
    expect(status.stdout.match(/ succeeded /g)?.length).toBeGreaterThanOrEqual(3);
  });

  it.runIf(everything)('a search trains round after round and says how its points came about', async () => {
    const spec = tiny('search.yaml', {
      seeds: [1],
      epochs: 1,
      search: { sampler: 'tpe', points: 6, initial: 3, batch: 2 },
    });
    const { code, stdout, stderr } = await sandbox.run(['run', spec, '--exit']);
    expect(stderr).not.toContain('failed');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Searched weights: 6 points by TPE: 3 before anything was known, then 2 a round by Δm/);
    for (const point of [4, 5, 6])
      expect(stdout).toMatch(new RegExp(`0\\.\\d+ .*TPE point ${String(point)} \\(semantic 0\\.`));
  });

  it.runIf(everything)(
    'tuning trains every row with every rate and shows the one that is best on validation',
    async () => {
      const rates = [0.0001, 0.003, 0.01];
      const spec = tiny('class-depth.yaml', {
        seeds: [1, 2],
        epochs: 2,
        grid: { points: [{ semantic: 0.5, depth: 0.5 }] },
        weightings: [],
        tuning: { learningRates: rates },
      });
      const { code, stdout, stderr } = await sandbox.run(['run', spec, '--exit']);
      expect(stderr).not.toContain('failed');
      expect(code).toBe(0);
      expect(stdout).toContain('every setting was trained with each of 3 rates (0.0001, 0.003, 0.01) and all seeds');
      const { databaseUrl } = JSON.parse(readFileSync(join(sandbox.folder, 'state', 'run.json'), 'utf8')) as {
        databaseUrl: string;
      };
      const database = connectDatabase(databaseUrl, 2);
      const trials = await database.trial.findMany({
        where: { sweep: { tasks: { equals: ['semantic', 'depth'] }, name: { startsWith: 'Semantic class + depth' } } },
        include: { setting: true, sweep: true },
        orderBy: { sweep: { createdAt: 'desc' } },
      });
      const own = trials.filter(({ sweepId, state }) => sweepId === trials[0]?.sweepId && state === 'succeeded');
      expect(own).toHaveLength(3 * 3 * 2);
      const single = own.filter(({ setting }) => setting.kind === 'single' && setting.tasks[0] === 'semantic');
      const scores = await Promise.all(
        rates.map(async (rate) => {
          const ids = single.flatMap(({ id, config }) =>
            (config as { optimizer: { learningRate: number } }).optimizer.learningRate === rate ? [id] : [],
          );
          const where = { trialId: { in: ids }, split: 'validation', task: 'semantic', metric: 'meanIoU', epoch: 2 };
          const values = (await database.metric.findMany({ where })).map(({ value }) => value);
          expect(values).toHaveLength(2);
          return values.reduce((sum, value) => sum + value, 0) / 2;
        }),
      );
      await database.$disconnect();
      const best = rates[scores.indexOf(Math.max(...scores))];
      const rows = stdout.split('\n').filter((line) => line.includes('semantic only'));
      expect(rows).toHaveLength(1);
      expect(rows[0]).toContain(`learning rate ${String(best)}`);
    },
  );
});
