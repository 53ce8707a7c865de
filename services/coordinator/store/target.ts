import { Prisma } from '../../shared/db/connect.js';
import { SigmasweepError } from '../../shared/errors.js';
import type { Queryable } from '../../shared/db/connect.js';

/** What a person's command is about: a whole sweep, or one trial. Exactly one of the two is given. */
export interface Target {
  readonly sweepId?: string | undefined;
  readonly trialId?: string | undefined;
}

/** The condition on table `trial` that a target means. */
export function targetCondition({ sweepId, trialId }: Target): Prisma.Sql {
  return trialId === undefined ? Prisma.sql`sweep_id = ${sweepId}` : Prisma.sql`id = ${trialId}`;
}

/** @throws SigmasweepError NOT_FOUND when there is no such sweep or trial */
export async function expectTarget(queryable: Queryable, { sweepId, trialId }: Target): Promise<void> {
  const rows =
    trialId === undefined
      ? await queryable.$queryRaw<unknown[]>`SELECT 1 FROM sweep WHERE id = ${sweepId}`
      : await queryable.$queryRaw<unknown[]>`SELECT 1 FROM trial WHERE id = ${trialId}`;
  if (rows.length > 0) return;
  const what = trialId === undefined ? `sweep ${sweepId ?? ''}` : `trial ${trialId}`;
  throw new SigmasweepError('NOT_FOUND', `There is no ${what}.`, {
    ids: trialId === undefined ? { sweepId: sweepId ?? '' } : { trialId },
    hint: 'List the sweeps with `sigmasweep status`, the trials of one with `sigmasweep status SWEEP`.',
  });
}
