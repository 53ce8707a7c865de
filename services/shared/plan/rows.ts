import { derivedRows } from '../catalog/derived-rows.js';
import { models as catalog, type ModelConfig } from '../catalog/models.js';
import { weightings, type WeightingConfig } from '../catalog/weightings.js';
import { tasksOf } from '../catalog/workloads.js';
import { canonicalJson, contentHash } from '../canonical-json.js';
import type { Setting } from '../compare/results.js';
import { deltaCriterion, type Derivation } from '../derivation.js';
import { missingBaselines } from '../sweep-spec/count.js';
import { modelsOf, singleTaskModel, type SweepModel } from '../sweep-spec/model-schema.js';
import type { SweepSpec } from '../sweep-spec/parse.js';
import { referredRows } from '../sweep-spec/referred-rows.js';
import type { FilledWeighting } from '../sweep-spec/spec.js';
import { taskChoices } from '../sweep-spec/subsets.js';
import { isDerived, type SpecDerived } from '../sweep-spec/weighting-schema.js';
import { expandGrid, type GridPoint, type Weights } from './expand-grid.js';
import { firstPoints, laterPoints, type LaterPoint } from './search-rows.js';
import { keyOf, keyOfDerived, labelOf, modelNames, tunedKey, type ModelNames } from './names.js';

/** A setting with what its trials train. */
export interface Row {
  readonly setting: Setting;
  readonly weighting: WeightingConfig;
  readonly model: ModelConfig;
  /** In the workload's order, whatever the order of the table's columns: the same training is the same configuration. */
  readonly trainedTasks: readonly string[];
  /** How the weights follow from other rows; null where the spec gives all that is trained. */
  readonly derivation: Derivation | null;
  /** Whether its seeds are others than those of the sweep. */
  readonly freshSeeds: boolean;
  /** Whether a point of the grid made it, or one that is trained the same. */
  readonly fromGrid: boolean;
  /** Where the spec tunes it; otherwise that of its optimizer. */
  readonly learningRate: number | undefined;
}

/** A row before it is known which architecture it is trained with. */
interface Weighed {
  readonly origin: string;
  readonly tasks: readonly string[];
  /** Null where they are learned or come from other rows. */
  readonly weights: Weights | null;
  readonly weighting: WeightingConfig;
  readonly derivation?: Derivation;
  readonly freshSeeds?: boolean;
  readonly fromGrid?: boolean;
  /** The person's name for it. */
  readonly label?: string | undefined;
}

/** A row before duplicates are merged. */
interface Candidate extends Weighed {
  /** Place of its architecture in the sweep. */
  readonly architecture: number;
  readonly model: ModelConfig;
  readonly learningRate: number | undefined;
}

/**
 * The rows of a sweep's table: single-task baselines that the spec does not list itself, then for each architecture the
 * grid and the weightings. A task alone is trained in a network of its own whatever the architecture. Rows that train
 * the same are merged into the first of them; a label that the person gave is kept.
 */
export function rowsOf(spec: SweepSpec): { rows: Row[]; notes: string[] } {
  const models = modelsOf(spec);
  const baselines = missingBaselines(spec).map((task) => ({
    origin: `baseline of ${task}`,
    weights: Object.fromEntries(spec.tasks.map((other) => [other, other === task ? 1 : 0])),
  }));
  const listed = [
    ...[...expandGrid(spec.grid, spec.tasks), ...firstPoints(spec.search, spec.tasks)].map((point) => ({
      ...weighedByPoint(point),
      fromGrid: true,
    })),
    ...laterPoints(spec.search).map((point) => searchedRow(point, spec.tasks)),
    ...spec.weightings.flatMap((entry, index) =>
      isDerived(entry) ? derivedRowsOf(entry, index, spec) : weighedByWeighting(entry, index, spec.tasks),
    ),
  ];
  const rates: readonly (number | undefined)[] = spec.tuning?.learningRates ?? [undefined];
  const withEach = (some: readonly Weighed[]): Candidate[] =>
    models.flatMap(({ config }, architecture) => {
      const alone = singleTaskModel(config);
      return some.flatMap((one) =>
        rates.map((learningRate) => ({
          ...one,
          architecture,
          model: one.tasks.length === 1 ? alone : config,
          learningRate,
        })),
      );
    });
  const { merged, notes } = mergeDuplicates([
    ...withEach(baselines.map((point) => weighedByPoint(point))),
    ...withEach(listed),
  ]);
  const known = tasksOf(spec).map((task) => task.name);
  const nameOf = namesOf(models);
  const rows = merged.map((candidate, position): Row => {
    const { tasks, weights, weighting, label, model, learningRate, freshSeeds = false, fromGrid = false } = candidate;
    const names = nameOf(candidate);
    const inModel = (key: string): string => joined([names.key, key], '/');
    const key = inModel(
      candidate.derivation ? keyOfDerived(candidate.derivation, freshSeeds) : keyOf(weighting, tasks),
    );
    const rateLabel = learningRate === undefined ? '' : `learning rate ${learningRate}`;
    return {
      setting: {
        key: learningRate === undefined ? key : tunedKey(key, learningRate),
        position,
        label: joined([names.label, label ?? labelOf(weighting, tasks), rateLabel], ' · '),
        kind: kindOf(candidate),
        method: weighting.method,
        tasks: [...tasks],
        weights,
        ...(models.length > 1 ? { model: catalog[model.name].label, basis: basisOf(model) } : {}),
      },
      weighting,
      model,
      trainedTasks: known.filter((task) => tasks.includes(task)),
      derivation: derivationIn(inModel, candidate.derivation),
      freshSeeds,
      fromGrid,
      learningRate,
    };
  });
  return { rows, notes };
}

function kindOf({ weighting, tasks, derivation }: Weighed): Setting['kind'] {
  if (weightings[weighting.method].learned) return 'learned';
  return tasks.length === 1 && derivation === undefined ? 'single' : 'fixed';
}

function joined(parts: readonly string[], by: string): string {
  return parts.filter((part) => part !== '').join(by);
}

/** A row replays the row of its own architecture. */
function derivationIn(inModel: (key: string) => string, derivation: Derivation | undefined): Derivation | null {
  if (derivation?.kind === 'replay') return { ...derivation, of: inModel(derivation.of) };
  return derivation ?? null;
}

/** Settings of one basis are measured against the same single-task networks. */
function basisOf(model: ModelConfig): string {
  return contentHash(singleTaskModel(model)).slice(0, 16);
}

/** The architecture's part of a row's names; single-task networks need one only where there are several of a task. */
function namesOf(models: readonly SweepModel[]): (candidate: Candidate) => ModelNames {
  const names = modelNames(models);
  const alone = models
    .map(({ config }) => ({ config: singleTaskModel(config), label: undefined }))
    .filter(({ config }, place, all) => all.findIndex((one) => basisOf(one.config) === basisOf(config)) === place);
  const namesAlone = modelNames(alone);
  const nothing = { key: '', label: '' };
  return ({ tasks, architecture, model }) => {
    if (tasks.length > 1) return names[architecture] ?? nothing;
    return namesAlone[alone.findIndex(({ config }) => basisOf(config) === basisOf(model))] ?? nothing;
  };
}

function weighedByPoint({ origin, weights }: GridPoint): Weighed {
  const tasks = Object.keys(weights).filter((task) => (weights[task] ?? 0) > 0);
  return { origin, tasks, weights, weighting: fixed(tasks, weights) };
}

/** Its weights are filled in later: until then its configuration has none. */
function searchedRow({ label, derivation }: LaterPoint, tasks: readonly string[]): Weighed {
  const weighting = { method: 'fixed' as const, weights: {} };
  return { origin: label, label, tasks, weights: null, weighting, derivation, fromGrid: true };
}

/** One row, or one for each choice of its tasks. */
function weighedByWeighting(entry: FilledWeighting, index: number, sweepTasks: readonly string[]): Weighed[] {
  const { tasks: pool, subsets, label: given, ...weighting } = entry;
  return taskChoices({ tasks: pool, subsets }).map((tasks) => {
    const origin = subsets === undefined ? `weightings[${index}]` : `weightings[${index}] (${tasks.join(', ')})`;
    const label = labelOfChoice(given, subsets === undefined ? undefined : tasks);
    if (weightings[weighting.method].learned) return { origin, tasks, label, weights: null, weighting };
    const constants = weighting.method === 'fixed' ? weighting.weights : undefined;
    const weights = Object.fromEntries(
      sweepTasks.map((task) => [task, tasks.includes(task) ? (constants?.[task] ?? 1 / tasks.length) : 0]),
    );
    return { origin, tasks, label, weights, weighting: constants === undefined ? weighting : fixed(tasks, weights) };
  });
}

function labelOfChoice(label: string | undefined, tasks: readonly string[] | undefined): string | undefined {
  return label === undefined || tasks === undefined ? label : `${label} (${tasks.join(', ')})`;
}

/** Rows whose weights are filled in later: until then their configuration has none. */
function derivedRowsOf(entry: SpecDerived, index: number, spec: SweepSpec): Weighed[] {
  const waiting = { weights: null, weighting: { method: 'fixed' as const, weights: {} } };
  const origin = `weightings[${index}]`;
  if (entry.method === 'approx-optimal') {
    const { criterion, seeds } = entry;
    const by = criterion === deltaCriterion ? '' : ` for ${criterion}`;
    const label = entry.label ?? `${derivedRows[entry.method].label}${by}`;
    const derivation: Derivation = { kind: 'best-point', criterion };
    return [{ origin, label, tasks: spec.tasks, ...waiting, derivation, freshSeeds: seeds === 'fresh' }];
  }
  const { over, normalised } = entry;
  return referredRows(spec.weightings, entry.of).flatMap((referred) => {
    const replayed = weighedByWeighting(referred.entry, referred.index, spec.tasks);
    return replayed.map(({ tasks, weighting, label }): Weighed => ({
      origin,
      label:
        labelOfChoice(entry.label, replayed.length > 1 ? tasks : undefined) ??
        `${derivedRows.replay.label} of ${label ?? labelOf(weighting, tasks)}${over === 'mean' ? ', mean of seeds' : ''}${normalised ? ', normalised' : ''}`,
      tasks,
      ...waiting,
      derivation: { kind: 'replay', of: keyOf(weighting, tasks), over, normalised },
    }));
  });
}

/** Without the tasks that are not trained, which would change nothing but the trial's id. */
function fixed(tasks: readonly string[], weights: Weights): WeightingConfig {
  return { method: 'fixed', weights: Object.fromEntries(tasks.map((task) => [task, weights[task] ?? 0])) };
}

/** What a row trains: rows of the same identity would be trained twice for nothing. */
function identityOf({
  tasks,
  weights,
  weighting,
  model,
  learningRate = null,
  derivation,
  freshSeeds,
}: Omit<Candidate, 'learningRate'> & { learningRate?: number | null | undefined }): string {
  if (derivation !== undefined) return canonicalJson([model, learningRate, { derivation, freshSeeds }]);
  return canonicalJson([model, learningRate, weights === null ? { tasks: [...tasks].sort(), weighting } : weights]);
}

function mergeDuplicates(candidates: readonly Candidate[]): { merged: Candidate[]; notes: string[] } {
  const firsts = new Map<string, Candidate>();
  const notes: string[] = [];
  for (const candidate of candidates) {
    const identity = identityOf(candidate);
    const first = firsts.get(identity);
    if (first === undefined) {
      firsts.set(identity, candidate);
      continue;
    }
    // Architectures share their single-task networks, which is no repetition of the person's.
    if (candidate.architecture === first.architecture && candidate.architecture === 0) {
      notes.push(`${candidate.origin} repeats ${first.origin}: trained once`);
    }
    firsts.set(identity, { ...first, label: first.label ?? candidate.label });
  }
  return { merged: [...firsts.values()], notes };
}
