import { SigmasweepError } from '../../shared/errors.js';
import type { Dependencies } from '../dependencies.js';
import { findSweep, type SweepOverview } from '../queries/sweeps.js';
import { findTrial, type TrialDetail } from '../queries/trials.js';

/** @throws SigmasweepError NOT_FOUND */
export async function neededSweep(
  { database }: Pick<Dependencies, 'database'>,
  { sweepId }: { readonly sweepId: string },
): Promise<SweepOverview> {
  const found = await findSweep(database, sweepId);
  if (found !== undefined) return found;
  throw new SigmasweepError('NOT_FOUND', `There is no sweep ${sweepId}.`, { ids: { sweepId } });
}

/** @throws SigmasweepError NOT_FOUND */
export async function neededTrial(
  { database }: Pick<Dependencies, 'database'>,
  { trialId }: { readonly trialId: string },
): Promise<TrialDetail> {
  const found = await findTrial(database, trialId);
  if (found !== undefined) return found;
  throw new SigmasweepError('NOT_FOUND', `There is no trial ${trialId}.`, { ids: { trialId } });
}
