import type { TaskSource } from '../catalog/workloads.js';
import { criterionLabel, scoreOf, type ValueOf } from '../criterion.js';
import { deltaCriterion } from '../derivation.js';
import type { Stopping } from '../sweep-spec/stopping-schema.js';
import { stoppingRules } from '../catalog/stopping-rules.js';
import { judgeBy, judgedEpochs } from './registry.js';
import type { Contender } from './rule.js';

/** A metric after an epoch, on the validation split. */
export interface EpochValue {
  readonly epoch: number;
  readonly task: string;
  readonly metric: string;
  readonly value: number;
}

/** A training of a sweep with what it has reported so far. */
export interface WatchedTraining {
  readonly id: string;
  /** `judged`: it competes; `baseline`: a single-task network that Δm is measured against. */
  readonly role: 'judged' | 'baseline';
  /** Whether it can still be stopped. */
  readonly running: boolean;
  readonly tasks: readonly string[];
  /** Architecture: trainings of different ones are not compared. */
  readonly model: string | null;
  /** Which single-task networks it is measured against. */
  readonly basis: string | null;
  readonly values: readonly EpochValue[];
}

export interface WatchedSweep {
  readonly source: TaskSource;
  readonly tasks: readonly string[];
  readonly epochs: number;
  readonly stopping: Stopping;
}

/** A training that is to be stopped. */
export interface EarlyStop {
  readonly id: string;
  readonly rule: Stopping['rule'];
  /** The epoch by whose numbers it was judged. */
  readonly epoch: number;
  /** In a sentence for people. */
  readonly message: string;
}

/**
 * Which trainings of a sweep are to be stopped, by what they have reported. Pure: it is told all that is known, and the
 * same numbers give the same answer, whoever asks and how often. Trainings compete with those of the same architecture,
 * and by Δm with those of the same tasks, since means over different tasks do not compare.
 *
 * Δm is measured, for all alike, against the newest epoch of the single-task networks, which is closest to what the
 * comparison will use. Nobody is judged at an epoch that those have not got to.
 */
export function earlyStops(sweep: WatchedSweep, trainings: readonly WatchedTraining[]): EarlyStop[] {
  const { stopping, epochs } = sweep;
  const judged = trainings
    .filter(({ role }) => role === 'judged')
    .map((training) => ({ training, contender: contenderOf(sweep, training, trainings) }));
  return judged.flatMap(({ training, contender }): EarlyStop[] => {
    if (!training.running) return [];
    const peers = judged.filter((other) => other.training !== training && peersOf(sweep, training, other.training));
    const others = peers.map((one) => one.contender);
    const judgement = judgeBy(stopping, contender, others, epochs);
    if (judgement === undefined) return [];
    const { epoch, why } = judgement;
    const by = criterionLabel(sweep.source, sweep.tasks, stopping.metric);
    const message = `${stoppingRules[stopping.rule].label}: after epoch ${epoch} of ${epochs}, by ${by} on validation, ${why}`;
    return [{ id: training.id, rule: stopping.rule, epoch, message }];
  });
}

function peersOf({ stopping }: WatchedSweep, one: WatchedTraining, other: WatchedTraining): boolean {
  if (one.model !== other.model) return false;
  if (stopping.metric !== deltaCriterion) return true;
  return one.tasks.length === other.tasks.length && one.tasks.every((task) => other.tasks.includes(task));
}

function contenderOf(
  { source, stopping, epochs }: WatchedSweep,
  { id, tasks, basis, values }: WatchedTraining,
  all: readonly WatchedTraining[],
): Contender {
  const baselines = all.filter((one) => one.role === 'baseline' && one.basis === basis);
  const curve = judgedEpochs(stopping, epochs).flatMap((epoch): [number, number][] => {
    const baselineOf: ValueOf = (task, metric) => {
      const alone = baselines.find((one) => one.tasks.includes(task))?.values ?? [];
      const newest = alone.reduce((last, one) => Math.max(last, one.epoch), -1);
      return newest < epoch ? Number.NaN : valueAt(alone, newest)(task, metric);
    };
    const score = scoreOf(stopping.metric, source, tasks, valueAt(values, epoch), baselineOf);
    return score === undefined ? [] : [[epoch, score]];
  });
  return { id, curve: new Map(curve) };
}

function valueAt(values: readonly EpochValue[], epoch: number): ValueOf {
  return (task, metric) =>
    values.find((one) => one.epoch === epoch && one.task === task && one.metric === metric)?.value ?? Number.NaN;
}
