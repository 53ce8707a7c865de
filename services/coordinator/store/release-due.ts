import type { Database } from '../../shared/db/connect.js';

/** Rings for the trials whose pause between two attempts is over. @returns how many there were */
export async function releaseDue(database: Database): Promise<number> {
  return database.$executeRaw`
    WITH due AS (
      SELECT id FROM trial WHERE state = 'queued' AND not_before <= now()
      ORDER BY id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
    ), released AS (
      UPDATE trial t SET not_before = NULL FROM due WHERE t.id = due.id RETURNING t.id, t.sweep_id
    )
    INSERT INTO outbox (sweep_id, trial_id) SELECT sweep_id, id FROM released ORDER BY id`;
}
