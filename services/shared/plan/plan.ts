import type { Setting } from '../compare/results.js';
import type { SweepSpec } from '../sweep-spec/parse.js';
import type { TrialConfig } from '../trial-config.js';
import { rowsOf, type Row } from './rows.js';

/** One training run: a setting with one seed. */
export interface PlannedTrial {
  /** Order of dispatch, from 0. */
  readonly position: number;
  readonly settingKey: string;
  readonly label: string;
  readonly seed: number;
  readonly config: TrialConfig;
}

export interface SweepPlan {
  /** In the order of the table's rows. */
  readonly settings: readonly Setting[];
  readonly trials: readonly PlannedTrial[];
  /** Remarks for the person, such as merged duplicates. */
  readonly notes: readonly string[];
}

/** A grid of nothing but repetitions must not bury the other remarks. */
const shownNotes = 20;

/**
 * Plans a sweep: which settings its table has and what is trained for them. Pure, so that the same spec always gives the
 * same trials. All settings are trained with the first seed before any with the second: the whole table is there early,
 * and further seeds tell how sure it is. The trials of the last seed begin with those of most tasks, which take longest:
 * the workers come to their ends together when what is left at last is short.
 */
export function planSweep(spec: SweepSpec): SweepPlan {
  const { rows, notes } = rowsOf(spec);
  const longestFirst = [...rows].sort((a, b) => b.trainedTasks.length - a.trainedTasks.length);
  const trials = spec.seeds.flatMap((seed, round) =>
    (round === spec.seeds.length - 1 ? longestFirst : rows).map((row, index): PlannedTrial => ({
      position: round * rows.length + index,
      settingKey: row.setting.key,
      label: `${row.setting.label} · seed ${seed}`,
      seed,
      config: configOf(spec, row, seed),
    })),
  );
  const hidden = notes.length - shownNotes;
  return {
    settings: rows.map((row) => row.setting),
    trials,
    notes: hidden > 0 ? [...notes.slice(0, shownNotes), `and ${hidden} further repetitions`] : notes,
  };
}

/** All that a worker needs, and nothing that does not change the training: it is what the trial's id is made from. */
function configOf(spec: SweepSpec, { weighting, model, trainedTasks }: Row, seed: number): TrialConfig {
  return {
    version: 1,
    workload: spec.workload,
    data: spec.data,
    tasks: [...trainedTasks],
    weighting,
    model,
    optimizer: spec.optimizer,
    ...(spec.transfer === undefined ? {} : { transfer: spec.transfer }),
    epochs: spec.epochs,
    batchSize: spec.batchSize,
    seed,
    checkpoint: spec.checkpoint,
    limits: { parameters: spec.limits.parameters, stallSeconds: spec.limits.stallSeconds },
  };
}
