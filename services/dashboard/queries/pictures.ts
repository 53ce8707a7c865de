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

/** Which pictures an attempt has, without their bytes. */
export async function listPictures(database: Database, trialId: string, attempt: number): Promise<PictureKey[]> {
  const rows = await database.picture.findMany({
    where: { trialId, attempt },
    select: { trialId: true, attempt: true, epoch: true, sample: true, task: true, kind: true },
    orderBy: [{ epoch: 'asc' }, { sample: 'asc' }, { task: 'asc' }, { kind: 'asc' }],
  });
  return rows.map((row) => ({ ...row, kind: row.kind as PictureKind }));
}

/** A picture's PNG file; undefined when there is none. */
export async function readPicture(database: Database, key: PictureKey): Promise<Uint8Array | undefined> {
  const row = await database.picture.findUnique({
    where: { trialId_attempt_epoch_sample_task_kind: key },
    select: { png: true },
  });
  return row?.png;
}
