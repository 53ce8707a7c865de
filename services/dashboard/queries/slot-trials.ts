import type { Database } from '../../shared/db/connect.js';

/** A trial in a worker's slot. */
export interface SlotTrial {
  readonly id: string;
  readonly label: string;
  readonly sweepId: string;
  readonly sweepName: string;
  readonly step: number | null;
  readonly steps: number | null;
  /** Seconds since it was claimed. */
  readonly seconds: number;
  /** Mean of this attempt so far; undefined before the first step. */
  readonly stepsPerSecond: number | undefined;
}

interface Row {
  id: string;
  worker_id: string;
  label: string;
  sweep_id: string;
  sweep_name: string;
  step: number | null;
  steps: number | null;
  seconds: number;
  from_step: number;
}

/** What these workers train now, by worker. The steps of an earlier attempt are not counted to this one's rate. */
export async function listSlotTrials(
  database: Database,
  workerIds: readonly string[],
): Promise<ReadonlyMap<string, readonly SlotTrial[]>> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT t.id, t.worker_id, t.label, t.sweep_id, s.name AS sweep_name, t.step, t.steps,
      extract(epoch FROM now() - t.started_at)::float8 AS seconds, coalesce(a.resumed_step, 0) AS from_step
    FROM trial t JOIN sweep s ON s.id = t.sweep_id
      LEFT JOIN attempt a ON a.trial_id = t.id AND a.number = t.attempt
    WHERE t.state = 'running' AND t.worker_id = ANY(${[...workerIds]}::text[])
    ORDER BY t.started_at, t.id`;
  const found = new Map<string, SlotTrial[]>();
  for (const row of rows) {
    const done = (row.step ?? 0) - row.from_step;
    const trial = {
      id: row.id,
      label: row.label,
      sweepId: row.sweep_id,
      sweepName: row.sweep_name,
      step: row.step,
      steps: row.steps,
      seconds: row.seconds,
      stepsPerSecond: done > 0 && row.seconds > 0 ? done / row.seconds : undefined,
    };
    found.set(row.worker_id, [...(found.get(row.worker_id) ?? []), trial]);
  }
  return found;
}
