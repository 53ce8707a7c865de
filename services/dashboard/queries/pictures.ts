import type { Database } from '../../shared/db/connect.js';
import { pictureNumbers, type PictureKind, type PictureNumbers } from '../../shared/messages/reports.js';

export interface PictureKey {
  readonly trialId: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly sample: number;
  readonly task: string;
  readonly kind: PictureKind;
}

/** A picture without its bytes. */
export interface ListedPicture extends PictureKey {
  /** What it says of a whole sample; null of pixels, and where nothing was told. */
  readonly numbers: PictureNumbers | null;
}

/** @param rows as the database holds them, with the numbers as text */
export function withNumbers(rows: readonly (PictureKey & { readonly numbers: string | null })[]): ListedPicture[] {
  return rows.map((row) => ({
    ...row,
    numbers: row.numbers === null ? null : pictureNumbers.parse(JSON.parse(row.numbers)),
  }));
}

/** Which pictures an attempt has, with those of the attempts that it went on from; without their bytes. */
export async function listPictures(database: Database, trialId: string, attempt: number): Promise<ListedPicture[]> {
  const rows = await database.$queryRaw<(PictureKey & { numbers: string | null })[]>`
    WITH RECURSIVE chain AS (
      SELECT number, resumed_attempt FROM attempt WHERE trial_id = ${trialId} AND number = ${attempt}
      UNION
      SELECT a.number, a.resumed_attempt FROM attempt a JOIN chain c ON a.number = c.resumed_attempt
      WHERE a.trial_id = ${trialId}
    )
    SELECT DISTINCT ON (epoch, sample, task, kind) trial_id AS "trialId", attempt, epoch, sample, task, kind, numbers
    FROM picture WHERE trial_id = ${trialId} AND attempt IN (SELECT number FROM chain)
    ORDER BY epoch, sample, task, kind, attempt DESC`;
  return withNumbers(rows);
}

/** A picture's PNG file; undefined when there is none. */
export async function readPicture(database: Database, key: PictureKey): Promise<Uint8Array | undefined> {
  const row = await database.picture.findUnique({
    where: { trialId_attempt_epoch_sample_task_kind: key },
    select: { png: true },
  });
  return row?.png;
}
