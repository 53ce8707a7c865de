import type { Database } from '../../shared/db/connect.js';
import type { PastRun } from '../launch/estimate.js';

/** Looked at for an estimate: newer ones tell more of the machines and of the version that are here now. */
const newest = 1000;

interface Row {
  workload: string;
  data: Readonly<Record<string, unknown>>;
  tasks: string[];
  method: string;
  model: unknown;
  batch_size: number;
  epochs: number;
  steps: number;
  seconds: number;
  backend: string;
  device: string;
}

/** The newest trials of a workload that ran from start to success in one attempt. */
export async function listPastRuns(database: Database, workload: string): Promise<PastRun[]> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT t.config->>'workload' AS workload, t.config->'data' AS data, t.config->'tasks' AS tasks,
      t.config->'weighting'->>'method' AS method, t.config->'model' AS model,
      (t.config->>'batchSize')::int AS batch_size, (t.config->>'epochs')::int AS epochs, t.steps,
      extract(epoch FROM a.ended_at - a.started_at)::float8 AS seconds, a.backend, a.device
    FROM (
      SELECT id, config, steps, attempt FROM trial WHERE state = 'succeeded' ORDER BY ended_at DESC LIMIT ${newest}
    ) t JOIN attempt a ON a.trial_id = t.id AND a.number = 1
    WHERE t.attempt = 1 AND t.steps > 0 AND t.config->>'workload' = ${workload}`;
  return rows.map(({ batch_size: batchSize, ...row }) => ({ ...row, batchSize }));
}
