import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeLargeSweep } from '../../bench/large-sweep.js';
import { everything } from '../../services/dashboard/compare/table-view.js';
import { listActions } from '../../services/dashboard/queries/actions.js';
import { readAnnotation } from '../../services/dashboard/queries/annotations.js';
import { readChartInput } from '../../services/dashboard/queries/chart-input.js';
import {
  listSettingKeys,
  readMetricRange,
  readSettingStandings,
  readTestMetrics,
  readTrialMetrics,
} from '../../services/dashboard/queries/curves.js';
import { sweepFingerprint } from '../../services/dashboard/queries/fingerprints.js';
import { listPastRuns } from '../../services/dashboard/queries/past-runs.js';
import { listPictures } from '../../services/dashboard/queries/pictures.js';
import { readProtocolFacts } from '../../services/dashboard/queries/protocol-facts.js';
import { comparisonMark, readShownComparison } from '../../services/dashboard/queries/results.js';
import { findSweep, listSweeps, readStoredSpec, type SweepFilter } from '../../services/dashboard/queries/sweeps.js';
import { listTrialChoices } from '../../services/dashboard/queries/trial-choices.js';
import { findTrial, listTrials, readLog, readLogRange, readTrials } from '../../services/dashboard/queries/trials.js';
import { countWaiting } from '../../services/dashboard/queries/workers.js';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { readSweepResults } from '../../services/shared/db/read-sweep-results.js';
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

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The statements that some work sends to the database. */
async function statementsOf(work: () => Promise<unknown>): Promise<Statement[]> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  try {
    await work();
    return query.mock.calls.flatMap(([given, values]: readonly unknown[]): Statement[] => {
      if (typeof given === 'string') return [{ text: given, values: (values as unknown[] | undefined) ?? [] }];
      const { text, values: own } = given as { text: string; values?: unknown[] };
      return [{ text, values: own ?? (values as unknown[] | undefined) ?? [] }];
    });
  } finally {
    query.mockRestore();
  }
}

/** Tables that have as many rows as there are trials, or many more. */
const longTables = ['trial', 'attempt', 'metric', 'log_line', 'picture', 'checkpoint', 'trial_dependency', 'action'];

/**
 * Long tables that a statement can only read from one end to the other. PostgreSQL is told to do so only where no index
 * helps: it would also read a short table whole because that is faster, and these are short beside real ones.
 */
async function readWhole({ text, values }: Statement): Promise<string[]> {
  if (!/^\s*(SELECT|WITH)/i.test(text)) return [];
  await client.query('SET enable_seqscan = off');
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(`EXPLAIN (FORMAT JSON) ${text}`, [
    ...values,
  ]);
  const scans = (node: PlanNode): string[] => [
    ...(node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? ''] : []),
    ...(node.Plans ?? []).flatMap(scans),
  ];
  const [row] = rows;
  return row === undefined ? ['no plan'] : scans(row['QUERY PLAN'][0].Plan).filter((name) => longTables.includes(name));
}

const trialId = 'trial-shown-3-1';
const attempt = { trialId, attempt: 1 };
const source = { id: shown.id, workload: 'street-scenes', data: {}, tasks: ['semantic', 'instance', 'depth'] };
const found: SweepFilter = {
  text: 'shown',
  tag: 'tag',
  archived: false,
  behind: { createdAt: new Date(), id: 'sweep-x' },
};

/** Every question that a page or the API asks. */
const questions: Readonly<Record<string, () => Promise<unknown>>> = {
  'the list of sweeps': () => listSweeps(database),
  'a search': () => listSweeps(database, found),
  'a sweep': () => findSweep(database, shown.id),
  'its spec': () => readStoredSpec(database, shown.id),
  'its comparison': () => readShownComparison(database, shown.id, everything),
  'its charts': () => readChartInput(database, source),
  'whether its comparison changed': () => comparisonMark(database, shown.id),
  'how its settings stand': () => readSettingStandings(database, shown.id, ['setting-3', 'setting-10']),
  'its protocol': async () => {
    const { whole, options } = await readShownComparison(database, shown.id, everything);
    await readProtocolFacts(database, { id: shown.id, createdAt: new Date(), endedAt: null }, whole, options);
  },
  'its fingerprint': () => sweepFingerprint(database, shown.id),
  'its settings': () => listSettingKeys(database, shown.id, { among: ['setting-3'], after: 0, limit: 5 }),
  'its trials': () => listTrials(database, shown.id, { state: 'succeeded', page: 2 }),
  'a part of its trials': () => readTrials(database, shown.id, { after: 5, limit: 5 }),
  'a trial': () => findTrial(database, trialId),
  'its test metrics': () => readTestMetrics(database, trialId, 1),
  'its numbers': () => readTrialMetrics(database, trialId, 1),
  'a part of its numbers': () =>
    readMetricRange(database, attempt, {
      metrics: ['loss'],
      split: 'train',
      behind: { epoch: 3, split: 'train', task: 'depth', metric: 'loss' },
      limit: 5,
    }),
  'its log': () => readLog(database, trialId, 1),
  'a part of its log': () => readLogRange(database, attempt, { after: 3, limit: 5 }),
  'its pictures': () => listPictures(database, trialId, 1),
  'trials to compare it with': () =>
    listTrialChoices(database, { id: trialId, sweepId: shown.id, seed: 1, settingKey: 'setting-3' }),
  'its notes': () => readAnnotation(database, trialId),
  'past runs': () => listPastRuns(database, 'street-scenes'),
  'trials that wait': () => countWaiting(database),
  'the log of actions': () => listActions(database, 100n),
};

describe('the statements behind the pages', () => {
  it.each(Object.entries(questions))('find %s by indexes', async (_, ask) => {
    const statements = await statementsOf(ask);
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) expect(await readWhole(statement), statement.text).toEqual([]);
  });

  it('would be seen where no index helps', async () => {
    expect(await readWhole({ text: 'SELECT avg(value) FROM metric WHERE value > $1', values: [0] })).toEqual([
      'metric',
    ]);
  });
});

describe('a sweep’s results', () => {
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
