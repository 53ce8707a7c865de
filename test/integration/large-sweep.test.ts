import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLargeSweep } from '../../bench/large-sweep.js';
import { settingCurves } from '../../services/dashboard/queries/curves.js';
import { connectDatabase, Prisma, type Database } from '../../services/shared/db/connect.js';
import { lastMetrics, readSweepResults } from '../../services/shared/db/read-sweep-results.js';
import { applyMigrations } from '../helpers/seed-sweep.js';
import { startPostgres } from '../helpers/servers.js';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let client: pg.Client;
let database: Database;

/** One sweep of which the page is shown, among others. */
const shown = { id: 'sweep-shown', settings: 12, seeds: 2, epochs: 20 };

beforeAll(async () => {
  postgres = await startPostgres();
  await applyMigrations(postgres.url);
  client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await writeLargeSweep(client, shown);
  for (const id of ['sweep-other1', 'sweep-other2']) await writeLargeSweep(client, { ...shown, id, settings: 80 });
  database = connectDatabase(postgres.url, 2);
});
afterAll(async () => {
  await database.$disconnect();
  await client.end();
  await postgres.stop();
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Tables that a statement reads from one end to the other. */
async function readWhole(statement: Prisma.Sql): Promise<string[]> {
  const [row] = await database.$queryRaw<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
    Prisma.sql`EXPLAIN (FORMAT JSON) ${statement}`,
  );
  const scans = (node: PlanNode): string[] => [
    ...(node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? ''] : []),
    ...(node.Plans ?? []).flatMap(scans),
  ];
  return row === undefined ? ['no plan'] : scans(row['QUERY PLAN'][0].Plan);
}

describe('the statements behind a sweep’s page', () => {
  it('find the comparison’s numbers by indexes', async () => {
    expect(await readWhole(lastMetrics(shown.id))).not.toContain('metric');
  });

  it('find the charts’ curves by indexes', async () => {
    const wanted = {
      settings: ['setting-3', 'setting-10'],
      splits: ['train', 'validation'],
      metrics: ['meanIoU', 'weight'],
    };
    expect(await readWhole(settingCurves(shown.id, wanted))).not.toContain('metric');
  });

  it('give each finished trial’s test metrics, and the last weights of those that learn them alone', async () => {
    const results = await readSweepResults(database, shown.id);
    expect(results.trials).toHaveLength(24);
    const of = (key: string) => results.trials.find(({ settingKey }) => settingKey === key);
    expect(
      of('setting-3')
        ?.metrics.map(({ metric }) => metric)
        .sort(),
    ).toEqual(['meanError', 'meanError', 'meanIoU', 'pixelAccuracy', 'relativeError']);
    expect(of('setting-0')?.metrics).toHaveLength(2);
    expect(of('setting-3')?.finalWeights).toEqual([]);
    const learned = of('setting-10');
    expect(learned?.finalWeights.map(({ task }) => task)).toEqual(['semantic', 'instance', 'depth']);
    const stored = await client.query<{ value: number }>(
      `SELECT value FROM metric WHERE trial_id = $1 AND epoch = 20 AND split = 'train' AND task = 'depth' AND metric = 'weight'`,
      [learned?.trialId],
    );
    expect(learned?.finalWeights[2]?.weight).toBe(stored.rows[0]?.value);
  });
});
