import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { AttemptOutcome, TrialState } from '../../../services/shared/trial-state.js';
import { pointKey, type NotedReport } from './noted-sink.js';

/** A change of a trial's row, as a trigger of the database saw it. */
export interface Transition {
  readonly trialId: string;
  readonly from: TrialState;
  readonly to: TrialState;
  readonly attempt: number;
}

/** Everything that is known of a run afterwards. */
export interface History {
  /** How many trials each sweep was to have. */
  readonly planned: ReadonlyMap<string, number>;
  readonly epochs: number;
  readonly trials: readonly {
    readonly id: string;
    readonly sweepId: string;
    readonly state: TrialState;
    readonly attempt: number;
    readonly errorCode: string | null;
  }[];
  readonly attempts: readonly { readonly trialId: string; readonly number: number; readonly outcome: AttemptOutcome }[];
  /** In their order. */
  readonly transitions: readonly Transition[];
  readonly acknowledged: readonly NotedReport[];
  /** Numbers in the table, by trial and attempt; each with how often it is there. */
  readonly stored: ReadonlyMap<string, ReadonlyMap<string, { readonly value: number; readonly count: number }>>;
  /** Times in which acknowledged reports may be gone, because the stream that held them was deleted. */
  readonly deletions: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** Has the database write down every change of a trial's state and attempt, in the transaction that makes it. */
export async function installHistory(databaseUrl: string): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query(`
      CREATE TABLE fault_history (
        seq bigserial PRIMARY KEY, trial_id text NOT NULL, from_state text NOT NULL, to_state text NOT NULL,
        attempt int NOT NULL);
      CREATE FUNCTION note_fault_history() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO fault_history (trial_id, from_state, to_state, attempt)
        VALUES (NEW.id, OLD.state, NEW.state, NEW.attempt);
        RETURN NULL;
      END $$;
      CREATE TRIGGER fault_history AFTER UPDATE ON trial FOR EACH ROW
        WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.attempt IS DISTINCT FROM NEW.attempt)
        EXECUTE FUNCTION note_fault_history()`),
  );
}

export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 60_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function rowsOf<Row extends object>(client: pg.Client, sql: string): Promise<Row[]> {
  return (await client.query(sql)).rows as Row[];
}

function readNoted(files: readonly string[]): NotedReport[] {
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      // The last line may be torn: its writer was killed.
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as NotedReport),
  );
}

interface StoredRow {
  trial_id: string;
  attempt: number;
  epoch: number;
  split: string;
  task: string;
  metric: string;
  value: number;
  count: number;
}

/** Reads the whole history once everything has come to rest. */
export async function readHistory(
  databaseUrl: string,
  noted: readonly string[],
  known: Pick<History, 'planned' | 'epochs' | 'deletions'>,
): Promise<History> {
  return withClient(databaseUrl, async (client) => {
    const stored = new Map<string, Map<string, { value: number; count: number }>>();
    const metrics = await rowsOf<StoredRow>(
      client,
      `SELECT trial_id, attempt, epoch, split, task, metric, min(value) AS value, count(*)::int AS count
       FROM metric GROUP BY trial_id, attempt, epoch, split, task, metric`,
    );
    for (const { trial_id: trialId, attempt, value, count, ...point } of metrics) {
      const key = `${trialId} ${attempt}`;
      const own = stored.get(key) ?? new Map<string, { value: number; count: number }>();
      own.set(pointKey(point), { value, count });
      stored.set(key, own);
    }
    return {
      ...known,
      trials: await rowsOf(
        client,
        `SELECT id, sweep_id AS "sweepId", state, attempt, error->>'code' AS "errorCode" FROM trial ORDER BY id`,
      ),
      attempts: await rowsOf(client, `SELECT trial_id AS "trialId", number, outcome FROM attempt`),
      transitions: await rowsOf(
        client,
        `SELECT trial_id AS "trialId", from_state AS "from", to_state AS "to", attempt FROM fault_history ORDER BY seq`,
      ),
      acknowledged: readNoted(noted),
      stored,
    };
  });
}
