import type { Database } from '../../shared/db/connect.js';
import { storableText } from './storable-text.js';
import { expectTarget, type Target } from './target.js';
import { inTransaction } from './transaction.js';

/** What is left out stays as it is. */
export interface Annotation {
  readonly notes: string | undefined;
  readonly tags: readonly string[] | undefined;
}

/**
 * Writes notes and tags of a sweep or trial, and gives the sweep's id. They are in a table of their own: a trial's row is
 * final once it has ended.
 * @throws SigmasweepError NOT_FOUND
 */
export function annotate(database: Database, target: Target, { notes, tags }: Annotation): Promise<string> {
  return inTransaction(database, async (transaction) => {
    await expectTarget(transaction, target);
    const { sweepId, trialId } = target;
    const [row] = await transaction.$queryRaw<{ sweep_id: string }[]>`
      INSERT INTO annotation (target, sweep_id, trial_id, notes, tags)
      SELECT coalesce(${trialId ?? null}, s.id), s.id, ${trialId ?? null}, ${storableText(notes ?? '')},
        ${[...(tags ?? [])].map(storableText)}::text[]
      FROM sweep s
      WHERE s.id = coalesce(${sweepId ?? null}, (SELECT sweep_id FROM trial WHERE id = ${trialId ?? null}))
      ON CONFLICT (target) DO UPDATE SET updated_at = now(),
        notes = CASE WHEN ${notes === undefined} THEN annotation.notes ELSE excluded.notes END,
        tags = CASE WHEN ${tags === undefined} THEN annotation.tags ELSE excluded.tags END
      RETURNING sweep_id`;
    if (row === undefined) throw new Error('an annotated sweep went away');
    return row.sweep_id;
  });
}
