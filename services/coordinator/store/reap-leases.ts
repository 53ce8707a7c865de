import type { Database } from '../../shared/db/connect.js';
import { endAttempts } from './end-attempts.js';
import type { LostAttempt } from './judge-reports.js';
import { inTransaction } from './transaction.js';
import { afterFailure } from './transition.js';

export interface Reaped {
  readonly sweepIds: string[];
  readonly lost: LostAttempt[];
  readonly queuedAgain: boolean;
}

interface ExpiredRow {
  id: string;
  sweep_id: string;
  attempt: number;
  worker_id: string;
  failures: number;
  max_failures: number;
}

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
      SELECT id, sweep_id, attempt, worker_id, failures, max_failures FROM trial
      WHERE state = 'running' AND lease_until < least(now(), to_timestamp(${recordedUpTo}::float8 / 1000))
      ORDER BY id LIMIT ${limit} FOR NO KEY UPDATE SKIP LOCKED`;
    const ended = await endAttempts(
      transaction,
      expired.map((row) => {
        const event =
          afterFailure(row.failures, row.max_failures, true) === 'attempt-failed'
            ? 'lease-expired'
            : 'attempts-exhausted';
        return {
          trialId: row.id,
          attempt: row.attempt,
          event,
          outcome: 'lease-expired',
          error: {
            code: 'LEASE_LOST',
            message: `Nothing was heard of worker ${row.worker_id} until the lease of attempt ${String(row.attempt)} ended (failure ${String(row.failures + 1)} of ${String(row.max_failures)}).`,
            hint: 'The worker was killed, lost its network, or its machine ran out of memory; its log tells more.',
          },
          isFailure: true,
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
      queuedAgain: ended.some((trial) => trial.state === 'queued'),
    };
  });
}
