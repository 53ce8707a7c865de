import { isMadeUp } from '../catalog/workloads.js';
import type { Comparison, ComparisonRow } from './comparison.js';
import type { ComparisonDocument } from './comparison-document.js';
import { significanceLevel } from './close-to-best.js';
import type { Spread } from './statistics.js';

interface SpreadDocument {
  mean: number;
  sd: number | null;
  n: number;
}

function spreadOf(over: Spread): SpreadDocument;
function spreadOf(over: Spread | undefined): SpreadDocument | null;
function spreadOf(over: Spread | undefined): SpreadDocument | null {
  return over === undefined ? null : { mean: over.mean, sd: over.deviation ?? null, n: over.count };
}

function rowOf(row: ComparisonRow, { columns, hasDelta }: Comparison): ComparisonDocument['settings'][number] {
  return {
    key: row.setting.key,
    label: row.setting.label,
    kind: row.setting.kind,
    stoppedAtEpoch: row.stoppedAt ?? null,
    method: row.setting.method,
    architecture: row.setting.model ?? null,
    tasks: row.setting.tasks,
    weights: row.weights.map(({ task, trained, fixed, learned }) => ({
      task,
      trained,
      fixed: fixed ?? null,
      learned:
        learned === undefined
          ? null
          : {
              weight: spreadOf(learned.weight),
              share: spreadOf(learned.normalised),
              variance: spreadOf(learned.variance),
            },
    })),
    metrics: columns.flatMap(({ task, metric }, place) => {
      const cell = row.cells[place];
      if (cell === undefined) return [];
      return [
        {
          task,
          metric: metric.name,
          ...spreadOf(cell.spread),
          bySeed: Object.fromEntries(cell.bySeed),
          best: cell.best,
          notSignificantlyWorse: cell.close,
          p: cell.adjusted ?? null,
        },
      ];
    }),
    ...(hasDelta
      ? {
          deltaM:
            row.delta === undefined
              ? null
              : {
                  ...spreadOf(row.delta.total),
                  best: row.deltaBest,
                  notSignificantlyWorse: row.deltaClose,
                  shares: row.delta.shares.map(({ task, change }) => ({ task, ...spreadOf(change) })),
                },
        }
      : {}),
    parameters: spreadOf(row.size.parameters),
    multiplyAdds: spreadOf(row.size.multiplyAdds),
    trials: row.trials.map(({ trialId, seed, state }) => ({ trialId, seed, state })),
  };
}

/**
 * The comparison for programs: every number unrounded and in the unit it was reported in, with the values of each seed
 * and the trials that they come from. Δm and its parts are in %.
 */
export function comparisonAsDocument(comparison: Comparison): ComparisonDocument {
  const { sweepId, name, workload, state, tasks, columns, rows, seeds, procedure } = comparison;
  return {
    format: 'sigmasweep-comparison',
    version: 1,
    sweepId,
    name,
    workload,
    madeUp: isMadeUp(workload),
    state,
    seeds: [...seeds],
    test: {
      method: 'two-sided paired t-test over seeds against the best of the column, Holm-corrected',
      level: significanceLevel,
    },
    ...(procedure === undefined ? {} : { procedure: [...procedure] }),
    tasks: [...tasks],
    metrics: columns.map(({ task, metric }) => ({ task, ...metric })),
    settings: rows.map((row) => rowOf(row, comparison)),
  };
}

/** The same as a file. */
export function renderJson(comparison: Comparison): string {
  return `${JSON.stringify(comparisonAsDocument(comparison), null, 2)}\n`;
}
