import type { Database } from '../../shared/db/connect.js';
import { SigmasweepError } from '../../shared/errors.js';
import { isTerminal, type TrialState } from '../../shared/trial-state.js';
import { expectTarget } from './target.js';
import { inTransaction } from './transaction.js';

/**
 * Deletes a sweep with its trials and all that they recorded, and gives the number of trials.
 * @throws SigmasweepError NOT_FOUND; SWEEP_ACTIVE while a trial is waiting, queued or running
 */
export function deleteSweep(database: Database, sweepId: string): Promise<number> {
  return inTransaction(database, async (transaction) => {
    await expectTarget(transaction, { sweepId });
    // Locked, so that no trial is taken up again between the question and the deed.
    const trials = await transaction.$queryRaw<{ state: TrialState }[]>`
      SELECT state FROM trial WHERE sweep_id = ${sweepId} ORDER BY id FOR UPDATE`;
    const active = trials.filter(({ state }) => !isTerminal(state)).length;
    if (active > 0) {
      const message = `The sweep has ${String(active)} trials that are waiting, queued or running.`;
      throw new SigmasweepError('SWEEP_ACTIVE', message, { ids: { sweepId }, hint: 'Cancel it first.' });
    }
    await transaction.$executeRaw`DELETE FROM sweep WHERE id = ${sweepId}`;
    return trials.length;
  });
}
