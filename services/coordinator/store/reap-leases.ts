import type { Database } from '../../shared/db/connect.js';
import { backoffAfter, retryOptions, type FailureRecord } from '../../shared/schedule/retries.js';
import { endAttempts } from './end-attempts.js';
import type { LostAttempt } from './judge-reports.js';
import { inTransaction } from './transaction.js';

export interface Reaped {
  readonly sweepIds: string[];
  readonly lost: LostAttempt[];
  /** Whether there may be new outbox rows. */
  readonly rung: boolean;
}

interface ExpiredRow {
  id: string;
  sweep_id: string;
  attempt: number;
  worker_id: string;
  failures: number;
  max_failures: number;
  failures_of: FailureRecord['failuresOf'];
  retries: unknown;
}

const leaseLost = 'LEASE_LOST';

/**
 * Ends attempts whose lease is over, which counts as a failure: the trial is queued again or, with its budget used up,
 * failed. Several reapers pass each other's rows over.
 * @param recordedUpTo database time, in milliseconds of the epoch, up to which every report is recorded. Only leases
 * that ended before it are looked at: a later one may have been extended by a report that still waits.
 * @param limit trials at most; the caller asks again when it was reached
 */
export async function reapLeases(database: Database, recordedUpTo: number, limit = 500): Promise<Reaped> {
  return inTransaction(database, async (transaction) => {
    const expired = await transaction.$queryRaw<ExpiredRow[]>`
      SELECT t.id, t.sweep_id, t.attempt, t.worker_id, t.failures, t.max_failures, t.failures_of, c.retries
      FROM trial t JOIN schedule c ON c.sweep_id = t.sweep_id
      WHERE t.state = 'running' AND t.lease_until < least(now(), to_timestamp(${recordedUpTo}::float8 / 1000))
      ORDER BY t.id LIMIT ${limit} FOR NO KEY UPDATE OF t SKIP LOCKED`;
    const ended = await endAttempts(
      transaction,
      expired.map((row) => {
        const record = { failures: row.failures, maxFailures: row.max_failures, failuresOf: row.failures_of };
        const backoffSeconds = backoffAfter(record, retryOptions.parse(row.retries), leaseLost, true);
        return {
          trialId: row.id,
          attempt: row.attempt,
          event: backoffSeconds === undefined ? 'attempts-exhausted' : 'lease-expired',
          outcome: 'lease-expired',
          error: {
            code: leaseLost,
            message: `Nothing was heard of worker ${row.worker_id} until the lease of attempt ${String(row.attempt)} ended (failure ${String(row.failures + 1)} of ${String(row.max_failures)}).`,
            hint: 'The worker was killed, lost its network, or its machine ran out of memory; its log tells more.',
          },
          isFailure: true,
          backoffSeconds,
        };
      }),
    );
    return {
      sweepIds: [...new Set(ended.map((trial) => trial.sweepId))],
      lost: expired.map((row) => ({
        trialId: row.id,
        attempt: row.attempt,
        workerId: row.worker_id,
        reason: 'lease-lost',
      })),
      rung: ended.length > 0,
    };
  });
}
