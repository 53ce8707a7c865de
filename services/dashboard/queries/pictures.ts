import type { Database } from '../../shared/db/connect.js';
import type { PictureKind } from '../../shared/messages/reports.js';

export interface PictureKey {
  readonly trialId: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly sample: number;
  readonly task: string;
  readonly kind: PictureKind;
}

/** Which pictures an attempt has, with those of the attempts that it went on from; without their bytes. */
export async function listPictures(database: Database, trialId: string, attempt: number): Promise<PictureKey[]> {
  return database.$queryRaw<PictureKey[]>`
    WITH RECURSIVE chain AS (
      SELECT number, resumed_attempt FROM attempt WHERE trial_id = ${trialId} AND number = ${attempt}
      UNION
      SELECT a.number, a.resumed_attempt FROM attempt a JOIN chain c ON a.number = c.resumed_attempt
      WHERE a.trial_id = ${trialId}
    )
    SELECT DISTINCT ON (epoch, sample, task, kind) trial_id AS "trialId", attempt, epoch, sample, task, kind
    FROM picture WHERE trial_id = ${trialId} AND attempt IN (SELECT number FROM chain)
    ORDER BY epoch, sample, task, kind, attempt DESC`;
}

/** A picture's PNG file; undefined when there is none. */
export async function readPicture(database: Database, key: PictureKey): Promise<Uint8Array | undefined> {
  const row = await database.picture.findUnique({
    where: { trialId_attempt_epoch_sample_task_kind: key },
    select: { png: true },
  });
  return row?.png;
}
