import type { Database } from '../../shared/db/connect.js';
import { canBeStarted } from './startable.js';
import { inTransaction } from './transaction.js';

/** An outbox row: a queued trial that a worker has to hear of. */
export interface Ring {
  /** Number of the outbox row. */
  readonly id: string;
  readonly trialId: string;
  readonly sweepId: string;
}

export interface RelayedRings {
  readonly published: number;
  /** Whether there may be more. */
  readonly more: boolean;
  /** What went wrong with those that were not published; they stay in the outbox. */
  readonly error: unknown;
}

/** Publishes rings; gives back those that the stream has for certain, and an error when some are missing. */
export type PublishRings = (rings: readonly Ring[]) => Promise<{ published: readonly Ring[]; error: unknown }>;

/**
 * Publishes the oldest unsent outbox rows and marks them sent. The rows stay locked until the stream has them; another
 * coordinator passes them over. If this process dies between publishing and marking, they are published again with the
 * same message id, and at the worst a second message finds that the trial was claimed.
 *
 * A ring only says that there is something to train: the trial that it was written for may have been claimed by whoever
 * heard another one. While nothing can be started at all, rows are marked without being published.
 */
export async function relayRings(database: Database, publish: PublishRings, limit = 500): Promise<RelayedRings> {
  return inTransaction(database, async (transaction) => {
    const rows = await transaction.$queryRaw<{ id: string; trial_id: string; sweep_id: string }[]>`
      SELECT o.id::text AS id, o.trial_id, o.sweep_id FROM outbox o
      WHERE o.sent_at IS NULL ORDER BY o.id LIMIT ${limit} FOR UPDATE OF o SKIP LOCKED`;
    if (rows.length === 0) return { published: 0, more: false, error: undefined };
    const rings = rows.map((row) => ({ id: row.id, trialId: row.trial_id, sweepId: row.sweep_id }));
    const wanted = await canBeStarted(transaction);
    const { published, error } = wanted ? await publish(rings) : { published: [], error: undefined };
    const done = (wanted ? published : rings).map((ring) => ring.id);
    await transaction.$executeRaw`
      UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY(${done}::text[]::bigint[])`;
    return { published: published.length, more: rows.length === limit && error === undefined, error };
  });
}
