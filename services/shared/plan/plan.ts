import type { Setting } from '../compare/results.js';
import type { Derivation } from '../derivation.js';
import type { SweepSpec } from '../sweep-spec/parse.js';
import type { TrialConfig } from '../trial-config.js';
import { needsOf, type NeededRow } from './dependencies.js';
import { rowsOf, type Row } from './rows.js';
import { canBeStopped, judgingOrder, type StoppingRole } from './stopping-roles.js';

/** One training run: a setting with one seed. */
export interface PlannedTrial {
  /** Order of dispatch, from 0. */
  readonly position: number;
  readonly settingKey: string;
  readonly label: string;
  readonly seed: number;
  readonly config: TrialConfig;
  /** How the weights, which the configuration lacks, follow from the trials it needs; null for all other trials. */
  readonly derivation: Derivation | null;
  readonly needs: readonly Need[];
  /** Null where it is trained to its end in any case. */
  readonly stopping: StoppingRole | null;
}

/** A trial that another one waits for. */
export interface Need {
  /** Position of the needed trial. */
  readonly position: number;
  /** Whether it can be done without where training itself gave it up: stopped early, or diverged. */
  readonly mayLack: boolean;
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
const seedsThere = 2 ** 31;

/**
 * Plans a sweep: which settings its table has, what is trained for them and what waits for what. Pure, so that the same
 * spec always gives the same trials. All settings are trained with the first seed before any with the second: the whole
 * table is there early, and further seeds tell how sure it is. The trials of the last seed begin with those of most
 * tasks, which take longest: the workers come to their ends together when what is left at last is short. With early
 * stopping the first seed decides, so that a setting has a result for every seed or for none.
 */
export function planSweep(spec: SweepSpec): SweepPlan {
  const { rows, notes } = rowsOf(spec);
  const fresh = freshSeeds(spec.seeds);
  const needed = rows.map((row) => needsOf(row, rows));
  const order = rows.map((_, index) => index);
  const tasksOf = (index: number): number => rows[index]?.trainedTasks.length ?? 0;
  const longestFirst = [...order].sort((a, b) => tasksOf(b) - tasksOf(a));
  const stoppable = canBeStopped(rows, needed, spec.stopping);
  const rounds = spec.seeds.map((_, round) => {
    if (round === 0 && spec.stopping !== undefined) return judgingOrder(rows, stoppable);
    return round === spec.seeds.length - 1 ? longestFirst : order;
  });
  const positions = rounds.map((indices, round) => {
    const places = new Map(indices.map((index, place) => [index, round * rows.length + place]));
    return (row: number): number => places.get(row) ?? 0;
  });
  const trialsOf = ({ row, seeds, mayLack }: NeededRow, round: number): Need[] =>
    positions
      .filter((_, other) => seeds === 'all' || other === round)
      .map((positionOf) => ({ position: positionOf(row), mayLack }));
  const trials = spec.seeds.flatMap((sweepSeed, round) =>
    (rounds[round] ?? []).flatMap((index): PlannedTrial[] => {
      const row = rows[index];
      if (row === undefined) return [];
      const seed = row.freshSeeds ? (fresh[round] ?? sweepSeed) : sweepSeed;
      return [
        {
          position: positions[round]?.(index) ?? 0,
          settingKey: row.setting.key,
          label: trialLabel(row.setting.label, seed),
          seed,
          config: configOf(spec, row, seed),
          derivation: row.derivation,
          needs: (needed[index] ?? []).flatMap((need) => trialsOf(need, round)),
          stopping: stoppable[index] !== true ? null : round === 0 ? 'judged' : 'follows',
        },
      ];
    }),
  );
  const hidden = notes.length - shownNotes;
  return {
    settings: rows.map((row) => row.setting),
    trials,
    notes: hidden > 0 ? [...notes.slice(0, shownNotes), `and ${hidden} further repetitions`] : notes,
  };
}

export function trialLabel(setting: string, seed: number): string {
  return `${setting} · seed ${seed}`;
}

/** As many seeds as the sweep has, none of them among its own: those that follow its largest. */
function freshSeeds(seeds: readonly number[]): number[] {
  const used = new Set(seeds);
  const fresh: number[] = [];
  for (let seed = Math.max(...seeds) + 1; fresh.length < seeds.length; seed += 1) {
    const wrapped = seed % seedsThere;
    if (!used.has(wrapped)) fresh.push(wrapped);
  }
  return fresh;
}

/** All that a worker needs, and nothing that does not change the training: it is what the trial's id is made from. */
function configOf(spec: SweepSpec, { weighting, model, trainedTasks, learningRate }: Row, seed: number): TrialConfig {
  return {
    version: 1,
    workload: spec.workload,
    data: spec.data,
    tasks: [...trainedTasks],
    weighting,
    model,
    optimizer: learningRate === undefined ? spec.optimizer : { ...spec.optimizer, learningRate },
    ...(spec.transfer === undefined ? {} : { transfer: spec.transfer }),
    ...uncertaintyOf(spec, trainedTasks),
    epochs: spec.epochs,
    batchSize: spec.batchSize,
    seed,
    checkpoint: spec.checkpoint,
    limits: { parameters: spec.limits.parameters, stallSeconds: spec.limits.stallSeconds },
  };
}

/** Without the tasks that are not trained, which would change nothing but the trial's id. */
function uncertaintyOf({ uncertainty }: SweepSpec, trainedTasks: readonly string[]): Pick<TrialConfig, 'uncertainty'> {
  if (uncertainty === undefined) return {};
  const heteroscedastic = trainedTasks.filter((task) => uncertainty.heteroscedastic.includes(task));
  return { uncertainty: { ...uncertainty, heteroscedastic } };
}
