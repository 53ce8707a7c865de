import type { Database } from '../../shared/db/connect.js';
import { expectTarget } from './target.js';

/**
 * Takes a sweep out of the list of sweeps, or back into it; nothing else of it changes.
 * @throws SigmasweepError NOT_FOUND
 */
export async function archive(database: Database, sweepId: string, archived: boolean): Promise<void> {
  await expectTarget(database, { sweepId });
  await database.$executeRaw`
    UPDATE sweep SET archived_at = CASE WHEN ${archived} THEN coalesce(archived_at, now()) END WHERE id = ${sweepId}`;
}
