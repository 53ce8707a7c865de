import type { Database } from '../../shared/db/connect.js';

/** What a trial that has succeeded took: of its last attempt, by the database's clock. */
export interface TrialTime {
  readonly settingKey: string;
  readonly backend: string;
  readonly device: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly seconds: number;
  /** Optimizer steps. */
  readonly steps: number;
}

interface Row {
  setting_key: string;
  backend: string;
  device: string;
  started_at: Date;
  ended_at: Date;
  seconds: number;
  steps: number;
}

/** Of every succeeded trial of a sweep. */
export async function readTrialTimes(database: Database, sweepId: string): Promise<TrialTime[]> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT t.setting_key, a.backend, a.device, a.started_at, a.ended_at, coalesce(t.steps, 0) AS steps,
      extract(epoch FROM a.ended_at - a.started_at)::float8 AS seconds
    FROM trial t JOIN attempt a ON a.trial_id = t.id AND a.number = t.attempt
    WHERE t.sweep_id = ${sweepId} AND t.state = 'succeeded' AND a.ended_at > a.started_at
    ORDER BY a.ended_at`;
  return rows.map(({ setting_key, started_at, ended_at, ...row }) => ({
    ...row,
    settingKey: setting_key,
    startedAt: started_at,
    endedAt: ended_at,
  }));
}
