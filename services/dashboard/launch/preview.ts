import { taskLabel } from '../../shared/compare/metric-names.js';
import type { ModelConfig } from '../../shared/catalog/models.js';
import type { Setting } from '../../shared/compare/results.js';
import { rowsOf } from '../../shared/plan/rows.js';
import { countTrials } from '../../shared/sweep-spec/count.js';
import type { SweepSpec } from '../../shared/sweep-spec/parse.js';

/** A sweep of more settings is counted and not expanded while somebody types. */
const expandedSettings = 5000;

/** A row of the table to be, with the network that it trains. */
export interface PreviewRow extends Setting {
  readonly network: ModelConfig;
}

/** What a spec would train. */
export interface SweepPreview {
  readonly workload: string;
  readonly tasks: readonly { readonly name: string; readonly label: string }[];
  /** In the order of the table; undefined where there are too many to expand at each change. */
  readonly rows: readonly PreviewRow[] | undefined;
  readonly trialsPerRow: number;
  /** Exact where the rows are known, otherwise before duplicates are merged. */
  readonly trials: number;
  /** Remarks such as merged duplicates. */
  readonly notes: readonly string[];
}

const shownNotes = 5;

/** Expands a spec as the coordinator will. */
export function previewSweep(spec: SweepSpec): SweepPreview {
  const tasks = spec.tasks.map((name) => ({ name, label: taskLabel(spec, name) }));
  const counted = countTrials(spec);
  const shared = { workload: spec.workload, tasks, trialsPerRow: spec.seeds.length };
  if (counted.settings > expandedSettings) return { ...shared, rows: undefined, trials: counted.trials, notes: [] };
  const { rows, notes } = rowsOf(spec);
  const hidden = notes.length - shownNotes;
  return {
    ...shared,
    rows: rows.map(({ setting, model }) => ({ ...setting, network: model })),
    trials: rows.length * spec.seeds.length,
    notes: hidden > 0 ? [...notes.slice(0, shownNotes), `and ${hidden} further repetitions`] : notes,
  };
}
