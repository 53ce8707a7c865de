import { models as catalog, type ModelConfig } from '../catalog/models.js';
import { weightings, type WeightingConfig } from '../catalog/weightings.js';
import { tasksOf } from '../catalog/workloads.js';
import { canonicalJson, contentHash } from '../canonical-json.js';
import type { Setting } from '../compare/results.js';
import { missingBaselines } from '../sweep-spec/count.js';
import { modelsOf, singleTaskModel, type SweepModel } from '../sweep-spec/model-schema.js';
import type { SweepSpec } from '../sweep-spec/parse.js';
import { expandGrid, type GridPoint, type Weights } from './expand-grid.js';
import { keyOf, labelOf, modelNames, type ModelNames } from './names.js';

/** A setting with what its trials train. */
export interface Row {
  readonly setting: Setting;
  readonly weighting: WeightingConfig;
  readonly model: ModelConfig;
  /** In the workload's order, whatever the order of the table's columns: the same training is the same configuration. */
  readonly trainedTasks: readonly string[];
}

/** A row before it is known which architecture it is trained with. */
interface Weighed {
  readonly origin: string;
  readonly tasks: readonly string[];
  /** Null where they are learned. */
  readonly weights: Weights | null;
  readonly weighting: WeightingConfig;
  /** The person's name for it. */
  readonly label?: string | undefined;
}

/** A row before duplicates are merged. */
interface Candidate extends Weighed {
  /** Place of its architecture in the sweep. */
  readonly architecture: number;
  readonly model: ModelConfig;
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
    ...expandGrid(spec.grid, spec.tasks).map((point) => weighedByPoint(point)),
    ...spec.weightings.map((entry, index) => weighedByWeighting(entry, index, spec.tasks)),
  ];
  const withEach = (some: readonly Weighed[]): Candidate[] =>
    models.flatMap(({ config }, architecture) =>
      some.map((one) => {
        return { ...one, architecture, model: one.tasks.length === 1 ? singleTaskModel(config) : config };
      }),
    );
  const { merged, notes } = mergeDuplicates([
    ...withEach(baselines.map((point) => weighedByPoint(point))),
    ...withEach(listed),
  ]);
  const known = tasksOf(spec).map((task) => task.name);
  const nameOf = namesOf(models);
  const rows = merged.map((candidate, position): Row => {
    const { tasks, weights, weighting, label, model } = candidate;
    const { key, label: modelLabel } = nameOf(candidate);
    return {
      setting: {
        key: [key, keyOf(weighting, tasks)].filter((part) => part !== '').join('/'),
        position,
        label: [modelLabel, label ?? labelOf(weighting, tasks)].filter((part) => part !== '').join(' · '),
        kind: weights === null ? 'learned' : tasks.length === 1 ? 'single' : 'fixed',
        method: weighting.method,
        tasks: [...tasks],
        weights,
        ...(models.length > 1 ? { model: catalog[model.name].label, basis: basisOf(model) } : {}),
      },
      weighting,
      model,
      trainedTasks: known.filter((task) => tasks.includes(task)),
    };
  });
  return { rows, notes };
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

function weighedByWeighting(
  entry: SweepSpec['weightings'][number],
  index: number,
  sweepTasks: readonly string[],
): Weighed {
  const { tasks, label, ...weighting } = entry;
  const origin = `weightings[${index}]`;
  if (weightings[weighting.method].learned) return { origin, tasks, label, weights: null, weighting };
  const given = weighting.method === 'fixed' ? weighting.weights : undefined;
  const weights = Object.fromEntries(
    sweepTasks.map((task) => [task, tasks.includes(task) ? (given?.[task] ?? 1 / tasks.length) : 0]),
  );
  return { origin, tasks, label, weights, weighting: given === undefined ? weighting : fixed(tasks, weights) };
}

/** Without the tasks that are not trained, which would change nothing but the trial's id. */
function fixed(tasks: readonly string[], weights: Weights): WeightingConfig {
  return { method: 'fixed', weights: Object.fromEntries(tasks.map((task) => [task, weights[task] ?? 0])) };
}

/** What a row trains: rows of the same identity would be trained twice for nothing. */
function identityOf({ tasks, weights, weighting, model }: Candidate): string {
  return canonicalJson([model, weights === null ? { tasks: [...tasks].sort(), weighting } : weights]);
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
