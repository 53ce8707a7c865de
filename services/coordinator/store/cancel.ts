import type { Database } from '../../shared/db/connect.js';
import { endAttempts } from './end-attempts.js';
import type { LostAttempt } from './judge-reports.js';
import { refreshSweepEnds } from './refresh-sweep-ends.js';
import { settleDependants } from './settle-dependants.js';
import { expectTarget, targetCondition, type Target } from './target.js';
import { inTransaction } from './transaction.js';
import { transition } from './transition.js';

export interface Cancelled {
  readonly trials: number;
  readonly sweepIds: string[];
  /** Running attempts whose workers have to stop. */
  readonly stopped: LostAttempt[];
}

const cancelled = transition('cancel');

/**
 * Cancels the trials of a target that have not ended; trials elsewhere that wait for one of them fail. A trial that ends
 * at the same moment keeps whichever state was written first.
 * @throws SigmasweepError NOT_FOUND
 */
export async function cancel(database: Database, target: Target): Promise<Cancelled> {
  return inTransaction(database, async (transaction) => {
    await expectTarget(transaction, target);
    // Locked by a statement of its own: the ones after it then see the attempt of a claim that was committed meanwhile.
    const rows = await transaction.$queryRaw<
      { id: string; sweep_id: string; attempt: number; worker_id: string | null; state: string }[]
    >`
      SELECT id, sweep_id, attempt, worker_id, state FROM trial
      WHERE ${targetCondition(target)} AND state = ANY(${cancelled.from}::text[])
      ORDER BY id FOR NO KEY UPDATE`;
    const running = rows.filter((row) => row.state === 'running');
    // First, so that what is cancelled itself does not fail for what it waits for.
    const idle = rows.filter((row) => row.state !== 'running').map((row) => row.id);
    await transaction.$executeRaw`
      UPDATE trial SET state = ${cancelled.to}, ended_at = now() WHERE id = ANY(${idle}::text[])`;
    await settleDependants(transaction, idle);
    await endAttempts(
      transaction,
      running.map((row) => ({
        trialId: row.id,
        attempt: row.attempt,
        event: 'cancel',
        outcome: 'cancelled',
        error: null,
        isFailure: false,
      })),
    );
    const sweepIds = [...new Set(rows.map((row) => row.sweep_id))];
    await refreshSweepEnds(transaction, sweepIds);
    return {
      trials: rows.length,
      sweepIds,
      stopped: running.flatMap(({ id, attempt, worker_id: workerId }) =>
        workerId === null ? [] : [{ trialId: id, attempt, workerId, reason: 'cancelled' }],
      ),
    };
  });
}
