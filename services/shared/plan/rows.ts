import { weightings, type WeightingConfig } from '../catalog/weightings.js';
import { workloads } from '../catalog/workloads.js';
import { canonicalJson } from '../canonical-json.js';
import type { Setting } from '../compare/results.js';
import { missingBaselines } from '../sweep-spec/count.js';
import type { SweepSpec } from '../sweep-spec/parse.js';
import { expandGrid, type GridPoint, type Weights } from './expand-grid.js';
import { keyOf, labelOf } from './names.js';

/** A setting with what its trials train. */
export interface Row {
  readonly setting: Setting;
  readonly weighting: WeightingConfig;
  /** In the workload's order, whatever the order of the table's columns: the same training is the same configuration. */
  readonly trainedTasks: readonly string[];
}

/** A row before duplicates are merged. */
interface Candidate {
  readonly origin: string;
  readonly tasks: readonly string[];
  /** Null where they are learned. */
  readonly weights: Weights | null;
  readonly weighting: WeightingConfig;
  /** The person's name for it. */
  readonly label?: string | undefined;
}

/**
 * The rows of a sweep's table: single-task baselines that the spec does not list itself, the grid, the weightings. Rows
 * that train the same are merged into the first of them; a label that the person gave is kept.
 */
export function rowsOf(spec: SweepSpec): { rows: Row[]; notes: string[] } {
  const baselines = missingBaselines(spec).map((task) => ({
    origin: `baseline of ${task}`,
    weights: Object.fromEntries(spec.tasks.map((other) => [other, other === task ? 1 : 0])),
  }));
  const candidates = [
    ...[...baselines, ...expandGrid(spec.grid, spec.tasks)].map((point) => candidateOfPoint(point)),
    ...spec.weightings.map((entry, index) => candidateOfWeighting(entry, index, spec.tasks)),
  ];
  const { merged, notes } = mergeDuplicates(candidates);
  const known = workloads[spec.workload].tasks.map((task): string => task.name);
  const rows = merged.map(({ tasks, weights, weighting, label }, position): Row => ({
    setting: {
      key: keyOf(weighting, tasks),
      position,
      label: label ?? labelOf(weighting, tasks),
      kind: weights === null ? 'learned' : tasks.length === 1 ? 'single' : 'fixed',
      method: weighting.method,
      tasks: [...tasks],
      weights,
    },
    weighting,
    trainedTasks: known.filter((task) => tasks.includes(task)),
  }));
  return { rows, notes };
}

function candidateOfPoint({ origin, weights }: GridPoint): Candidate {
  const tasks = Object.keys(weights).filter((task) => (weights[task] ?? 0) > 0);
  return { origin, tasks, weights, weighting: fixed(tasks, weights) };
}

function candidateOfWeighting(
  entry: SweepSpec['weightings'][number],
  index: number,
  sweepTasks: readonly string[],
): Candidate {
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
function identityOf({ tasks, weights, weighting }: Candidate): string {
  return canonicalJson(weights === null ? { tasks: [...tasks].sort(), weighting } : weights);
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
    notes.push(`${candidate.origin} repeats ${first.origin}: trained once`);
    firsts.set(identity, { ...first, label: first.label ?? candidate.label });
  }
  return { merged: [...firsts.values()], notes };
}
