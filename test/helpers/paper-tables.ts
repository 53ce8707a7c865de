import type { Setting, SweepResults, TrialResult } from '../../services/shared/compare/results.js';

/** Tables 1 (a), (b) and (c) of Kendall, Gal & Cipolla, CVPR 2018: weights and metrics per task, null where not trained. */
type Cell = number | null;
interface PaperRow {
  readonly label: string;
  /** Null for learned weights; then `trained` says of which tasks. */
  readonly weights: readonly number[] | null;
  readonly trained?: readonly string[];
  readonly metrics: readonly Cell[];
}
interface PaperTable {
  readonly tasks: readonly string[];
  readonly rows: readonly PaperRow[];
}

const grid = (weights: readonly number[], metrics: readonly Cell[]): PaperRow => ({
  label: weights.join(' / '),
  weights,
  metrics,
});

export const paperTables = {
  a: {
    tasks: ['semantic', 'depth'],
    rows: [
      grid([1, 0], [59.4, null]),
      grid([0.975, 0.025], [59.5, 0.664]),
      grid([0.95, 0.05], [59.9, 0.603]),
      grid([0.9, 0.1], [60.1, 0.586]),
      grid([0.85, 0.15], [60.4, 0.582]),
      grid([0.8, 0.2], [59.6, 0.577]),
      grid([0.7, 0.3], [59.0, 0.573]),
      grid([0.5, 0.5], [56.3, 0.602]),
      grid([0.2, 0.8], [47.2, 0.625]),
      grid([0.1, 0.9], [42.7, 0.628]),
      grid([0, 1], [null, 0.64]),
      { label: 'Task uncertainty', weights: null, metrics: [62.7, 0.533] },
    ],
  },
  b: {
    tasks: ['instance', 'depth'],
    rows: [
      grid([1, 0], [4.61, null]),
      grid([0.75, 0.25], [4.52, 0.692]),
      grid([0.5, 0.5], [4.3, 0.655]),
      grid([0.4, 0.6], [4.14, 0.641]),
      grid([0.3, 0.7], [4.04, 0.615]),
      grid([0.2, 0.8], [3.83, 0.607]),
      grid([0.1, 0.9], [3.91, 0.6]),
      grid([0.05, 0.95], [4.27, 0.607]),
      grid([0.025, 0.975], [4.31, 0.624]),
      grid([0, 1], [null, 0.64]),
      { label: 'Task uncertainty', weights: null, metrics: [3.54, 0.539] },
    ],
  },
  c: {
    tasks: ['semantic', 'instance', 'depth'],
    rows: [
      { label: 'Segmentation only', weights: [1, 0, 0], metrics: [59.4, null, null] },
      { label: 'Instance only', weights: [0, 1, 0], metrics: [null, 4.61, null] },
      { label: 'Depth only', weights: [0, 0, 1], metrics: [null, null, 0.64] },
      { label: 'Unweighted sum', weights: [1 / 3, 1 / 3, 1 / 3], metrics: [50.1, 3.79, 0.592] },
      { label: 'Approx. optimal weights', weights: [0.89, 0.01, 0.1], metrics: [62.8, 3.61, 0.549] },
      { label: '2 tasks', weights: null, trained: ['semantic', 'instance'], metrics: [61.0, 3.42, null] },
      { label: '2 tasks', weights: null, trained: ['semantic', 'depth'], metrics: [62.7, null, 0.533] },
      { label: '2 tasks', weights: null, trained: ['instance', 'depth'], metrics: [null, 3.54, 0.539] },
      { label: '3 tasks', weights: null, metrics: [63.4, 3.5, 0.522] },
    ],
  },
} as const satisfies Record<string, PaperTable>;

/** Reported metrics are unscaled: an IoU of 59.4 % is 0.594. */
const metricOf: Readonly<Record<string, { name: string; scale: number }>> = {
  semantic: { name: 'meanIoU', scale: 100 },
  instance: { name: 'meanError', scale: 1 },
  depth: { name: 'meanError', scale: 1 },
};

/** A paper's table as the results of a sweep, one seed each as the paper has. */
export function paperResults(table: PaperTable): SweepResults {
  const settings = table.rows.map((row, position): Setting => {
    const { weights } = row;
    const trained = row.trained ?? table.tasks.filter((_, task) => weights === null || weights[task] !== 0);
    return {
      key: `setting-${String(position)}`,
      position,
      label: row.label,
      kind: weights === null ? 'learned' : trained.length === 1 ? 'single' : 'fixed',
      method: weights === null ? 'uncertainty' : 'fixed',
      tasks: [...trained],
      weights: weights && Object.fromEntries(table.tasks.map((task, place) => [task, weights[place] ?? 0])),
      note: null,
    };
  });
  return {
    sweepId: 'sweep-paper',
    name: 'Kendall, Gal & Cipolla 2018, table 1',
    workload: 'street-scenes',
    tasks: [...table.tasks],
    state: 'completed',
    settings,
    trials: table.rows.map((row, position): TrialResult => ({
      trialId: `trial-${String(position)}`,
      settingKey: `setting-${String(position)}`,
      label: `${row.label}, seed 1`,
      seed: 1,
      state: 'succeeded',
      metrics: table.tasks.flatMap((task, place) => {
        const shown = row.metrics[place];
        const metric = metricOf[task];
        if (shown === null || shown === undefined || metric === undefined) return [];
        return [{ task, metric: metric.name, value: shown / metric.scale }];
      }),
      finalWeights: [],
    })),
  };
}
