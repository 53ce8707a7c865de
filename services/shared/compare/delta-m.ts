import { spread, type Spread } from './statistics.js';

/** A task as Δm measures it: which way is better, and what the network for this task alone reaches. */
export interface BaselineTask {
  readonly task: string;
  readonly better: 'higher' | 'lower';
  /** Mean over the single-task network's seeds. */
  readonly baseline: number;
}

/** Changes in %, positive where better, over the seeds of a setting. */
export interface DeltaM {
  readonly total: Spread;
  /** The relative change of each task; the total is their mean. */
  readonly shares: readonly { readonly task: string; readonly change: Spread }[];
}

/**
 * Multi-task performance against single-task networks (Maninis, Radosavovic & Kokkinos 2019; Vandenhende et al. 2021):
 *
 * Δm = 100 · 1/T · Σ over tasks of (−1)^{lower is better} · (M − M_single) / M_single
 *
 * Each seed is measured against the mean over the baseline's seeds and not against the baseline of the same seed: the
 * networks differ, so an equal seed shares no randomness that pairing could cancel. This also makes the mean Δm the Δm
 * of the means, which a reader can work out from the table. Its deviation is over the setting's own seeds; the
 * baseline's is not in it.
 *
 * @param tasks the trained tasks
 * @param runs of each finished seed the metrics of those tasks, in their order and in the baselines' unit
 * @returns undefined for fewer than two tasks, without runs, or where a baseline of 0 or less makes a relative change
 *   meaningless
 */
export function deltaM(tasks: readonly BaselineTask[], runs: readonly (readonly number[])[]): DeltaM | undefined {
  if (tasks.length < 2 || tasks.some(({ baseline }) => !(baseline > 0))) return undefined;
  const changes = runs.map((values) => tasks.map((task, place) => change(task, values[place] ?? Number.NaN)));
  const total = spread(changes.map((ofRun) => ofRun.reduce((sum, value) => sum + value, 0) / tasks.length));
  if (total === undefined) return undefined;
  const shares = tasks.flatMap(({ task }, place) => {
    const over = spread(changes.map((ofRun) => ofRun[place] ?? Number.NaN));
    return over === undefined ? [] : [{ task, change: over }];
  });
  return { total, shares };
}

function change({ better, baseline }: BaselineTask, value: number): number {
  const relative = (100 * (value - baseline)) / baseline;
  return better === 'lower' ? -relative : relative;
}
