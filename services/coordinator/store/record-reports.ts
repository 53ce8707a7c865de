import { Prisma, type Database, type Queryable } from '../../shared/db/connect.js';
import type { ReportMessage } from '../../shared/messages/reports.js';
import { endAttempts } from './end-attempts.js';
import { attemptKey, judgeReports, type LostAttempt, type RunningAttempt, type Standing } from './judge-reports.js';
import { retryOptions } from '../../shared/schedule/retries.js';
import { isDataFault, isUniqueViolation } from './sql-state.js';
import { inTransaction } from './transaction.js';
import { writeCheckpoints, writeResumptions } from './checkpoints.js';
import { extendLeases, writeLogLines, writeMetrics, writePictures } from './write-attempt-data.js';

/** A report that the database refused for what it holds. */
export interface RefusedReport {
  /** Its place in the batch. */
  readonly index: number;
  readonly error: unknown;
}

export interface RecordedBatch {
  /** Sweeps of which something changed. */
  readonly sweepIds: string[];
  readonly lost: LostAttempt[];
  /** Attempts whose workers have to be told again to hand them back. */
  readonly interrupted: RunningAttempt[];
  /** Whether there may be new outbox rows: of trials that are queued again, or for which others have made room. */
  readonly rung: boolean;
  readonly refused: RefusedReport[];
}

const nothing: RecordedBatch = { sweepIds: [], lost: [], interrupted: [], rung: false, refused: [] };

type StandingRow = Omit<Standing, 'outcome' | 'retries'> & {
  sweepId: string;
  outcome: Standing['outcome'] | null;
  retries: unknown;
};

/**
 * Locks trials, and those that wait for one of them which ends here: they may have to be moved with it. With OR instead of
 * UNION, every trial of the database would be read for each batch.
 */
export function lockStatement(trialIds: readonly string[], ending: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    SELECT id FROM trial WHERE id IN (
      SELECT unnest(${[...trialIds]}::text[])
      UNION SELECT trial_id FROM trial_dependency WHERE needs_id = ANY(${[...ending]}::text[])
    ) ORDER BY id FOR NO KEY UPDATE`;
}

/**
 * Locks the trials in the order of their ids, so that two recorders cannot wait for each other, and reads in a statement
 * after it, so that it sees what the locks' former holders wrote.
 */
async function lockAndRead(transaction: Queryable, reports: readonly ReportMessage[]): Promise<StandingRow[]> {
  const trialIds = [...new Set(reports.map((report) => report.trialId))];
  const ending = [...new Set(reports.filter(endsAttempt).map((report) => report.trialId))];
  await transaction.$queryRaw(lockStatement(trialIds, ending));
  const attempts = [...new Map(reports.map((report) => [attemptKey(report.trialId, report.attempt), report])).values()];
  return transaction.$queryRaw<StandingRow[]>`
    SELECT t.id AS "trialId", w.attempt, t.sweep_id AS "sweepId", t.state, t.attempt AS newest, t.failures,
      t.max_failures AS "maxFailures", t.failures_of AS "failuresOf", c.retries,
      'now' IN (coalesce(t.paused, ''), coalesce(c.paused, '')) AS interrupted, a.outcome
    FROM unnest(
      ${attempts.map((report) => report.trialId)}::text[], ${attempts.map((report) => report.attempt)}::int[]
    ) AS w(trial_id, attempt)
    JOIN trial t ON t.id = w.trial_id JOIN schedule c ON c.sweep_id = t.sweep_id
    LEFT JOIN attempt a ON a.trial_id = w.trial_id AND a.number = w.attempt`;
}

function endsAttempt({ items }: ReportMessage): boolean {
  return items.some(({ type }) => type === 'succeeded' || type === 'failed');
}

async function recordTogether(
  database: Database,
  reports: readonly ReportMessage[],
  leaseSeconds: number,
  repeated: boolean,
): Promise<RecordedBatch> {
  return inTransaction(database, async (transaction) => {
    const rows = await lockAndRead(transaction, reports);
    const standings = new Map(
      rows.map((row) => [
        attemptKey(row.trialId, row.attempt),
        { ...row, retries: retryOptions.parse(row.retries), outcome: row.outcome ?? undefined },
      ]),
    );
    const verdict = judgeReports(reports, standings);
    await extendLeases(transaction, verdict.beats, leaseSeconds);
    await writeMetrics(transaction, verdict.points, repeated);
    await writeLogLines(transaction, verdict.lines);
    await writePictures(transaction, verdict.pictures);
    await writeCheckpoints(transaction, verdict.checkpoints);
    await writeResumptions(transaction, verdict.resumptions);
    const ended = await endAttempts(transaction, verdict.endings);
    return {
      sweepIds: [...new Set(rows.map((row) => row.sweepId))],
      lost: verdict.lost,
      interrupted: verdict.interrupted,
      rung: ended.length > 0,
      refused: [],
    };
  });
}

/** Most reports are new. Where one is not, the database says so, and all are recorded as what may be there already. */
async function recordOnce(
  database: Database,
  reports: readonly ReportMessage[],
  leaseSeconds: number,
): Promise<RecordedBatch> {
  try {
    return await recordTogether(database, reports, leaseSeconds, false);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
  return recordTogether(database, reports, leaseSeconds, true);
}

/**
 * Records a batch of reports: metrics, log lines, pictures, progress and ends of attempts. What one message holds is
 * recorded together or not at all. A repeated batch changes nothing.
 *
 * When the database refuses a value, each report is recorded in a transaction of its own, so that a bad one costs
 * nobody but itself.
 * @param reports in the order of the stream
 * @param leaseSeconds how long the attempts may be silent from now on
 * @throws whatever the database throws when it is away; nothing, or a part that may be repeated, is recorded then
 */
export async function recordReports(
  database: Database,
  reports: readonly ReportMessage[],
  leaseSeconds: number,
): Promise<RecordedBatch> {
  if (reports.length === 0) return nothing;
  try {
    return await recordOnce(database, reports, leaseSeconds);
  } catch (error) {
    if (!isDataFault(error)) throw error;
    if (reports.length === 1) return { ...nothing, refused: [{ index: 0, error }] };
  }
  const single: RecordedBatch[] = [];
  for (const report of reports) single.push(await recordReports(database, [report], leaseSeconds));
  return {
    sweepIds: [...new Set(single.flatMap((one) => one.sweepIds))],
    lost: single.flatMap((one) => one.lost),
    interrupted: single.flatMap((one) => one.interrupted),
    rung: single.some((one) => one.rung),
    refused: single.flatMap((one, index) => one.refused.map(({ error }) => ({ index, error }))),
  };
}
