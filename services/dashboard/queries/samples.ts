import type { Database } from '../../shared/db/connect.js';
import { withNumbers, type ListedPicture, type PictureKey } from './pictures.js';

/** All trials of a sweep have the same data, so that those of the first of them show it, whatever tasks they train. */
const trialsLookedAt = 200;

/**
 * Samples of a sweep's data: the inputs that its trials have reported, and the truth of every task, each once.
 * Ordered by sample, task and kind.
 */
export async function listSamples(database: Database, sweepId: string): Promise<ListedPicture[]> {
  const rows = await database.$queryRaw<(PictureKey & { numbers: string | null })[]>`
    SELECT DISTINCT ON (sample, task, kind) p.trial_id AS "trialId", p.attempt, p.epoch, p.sample, p.task, p.kind, p.numbers
    FROM (
      SELECT id, position FROM trial WHERE sweep_id = ${sweepId} AND attempt > 0 ORDER BY position LIMIT ${trialsLookedAt}
    ) t JOIN picture p ON p.trial_id = t.id
    WHERE p.kind IN ('input', 'truth')
    ORDER BY sample, task, kind, t.position, p.attempt, p.epoch`;
  return withNumbers(rows);
}
