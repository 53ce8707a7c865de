import type { Database } from '../../shared/db/connect.js';

/** A trial to compare another one with. */
export interface TrialChoice {
  readonly id: string;
  readonly label: string;
}

/** More than these nobody looks through; the address takes any trial. */
const most = 200;

/**
 * Other trials of a sweep: those of the same seed, which differ by their setting alone, then the same setting's other
 * seeds.
 */
export function listTrialChoices(
  database: Database,
  trial: { readonly id: string; readonly sweepId: string; readonly seed: number; readonly settingKey: string },
): Promise<TrialChoice[]> {
  return database.$queryRaw<TrialChoice[]>`
    SELECT id, label FROM trial
    WHERE sweep_id = ${trial.sweepId} AND id <> ${trial.id}
      AND (seed = ${trial.seed} OR setting_key = ${trial.settingKey})
    ORDER BY (setting_key = ${trial.settingKey}), position LIMIT ${most}`;
}
