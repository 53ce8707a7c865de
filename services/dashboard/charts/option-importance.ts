import type { ComparisonRow } from '../../shared/compare/comparison.js';
import { taskMetricLabel } from '../../shared/compare/metric-names.js';
import type { BarsChart, ChartSection } from './spec.js';
import type { SweepChartInput } from './sweep-input.js';
import { optionLabel } from '../compare/option-label.js';

/** A trial's result and what it was trained with. */
export interface Observation {
  readonly value: number;
  /** The level of each factor, as text. */
  readonly levels: ReadonlyMap<string, string>;
}

/** How much of the variance of the results goes with one factor. */
export interface Importance {
  readonly factor: string;
  /** η²: variance between the factor's levels over the whole variance, 0 … 1. */
  readonly share: number;
  /** ε² (Kelley 1935): η² less what as many levels would explain by chance; 0 or less says nothing. */
  readonly corrected: number;
  readonly levels: number;
  readonly trials: number;
}

/**
 * One-way analysis of variance of each factor by itself. In a full factorial design η² is the main effect of functional
 * ANOVA (Hutter, Hoos & Leyton-Brown 2014, section 3); in any other, factors that vary together share their variance, and
 * shares need not add up to 1.
 * @returns the factors that have several levels and fewer levels than trials, the most important first
 */
export function importances(observations: readonly Observation[]): Importance[] {
  const count = observations.length;
  const mean = observations.reduce((sum, { value }) => sum + value, 0) / count;
  const total = observations.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  if (!(total > 0)) return [];
  const factors = [...new Set(observations.flatMap(({ levels }) => [...levels.keys()]))];
  return factors
    .flatMap((factor): Importance[] => {
      const groups = new Map<string, { count: number; sum: number }>();
      for (const { value, levels } of observations) {
        const level = levels.get(factor) ?? '';
        const group = groups.get(level) ?? { count: 0, sum: 0 };
        groups.set(level, { count: group.count + 1, sum: group.sum + value });
      }
      if (groups.size < 2 || groups.size >= count) return [];
      const between = [...groups.values()].reduce(
        (sum, group) => sum + group.count * (group.sum / group.count - mean) ** 2,
        0,
      );
      const within = (total - between) / (count - groups.size);
      return [
        {
          factor,
          share: between / total,
          corrected: (between - (groups.size - 1) * within) / total,
          levels: groups.size,
          trials: count,
        },
      ];
    })
    .sort((a, b) => b.corrected - a.corrected || a.factor.localeCompare(b.factor));
}

const weightingFactor = 'weighting (method, weights and options)';
const seedFactor = 'seed';
/** The most bars of a chart. */
const mostFactors = 10;

/** What a setting's trials have in common, by factor: all of the weighting is one, because its options depend on each other. */
function levelsOf(row: ComparisonRow, options: ReadonlyMap<string, string> | undefined): Map<string, string> {
  const others = [...(options ?? [])].filter(([path]) => !path.startsWith('weighting.') && path !== 'tasks');
  const method = options?.get('weighting.method');
  return new Map([
    [weightingFactor, row.setting.key.length > 0 ? weightingLevel(row, options) : ''],
    ...(method === undefined ? [] : [['weighting method', method] as const]),
    ...others.map(([path, value]) => [optionLabel(path), value] as const),
  ]);
}

function weightingLevel(row: ComparisonRow, options: ReadonlyMap<string, string> | undefined): string {
  const own = [...(options ?? [])].filter(([path]) => path.startsWith('weighting.') || path === 'tasks');
  return own.length === 0 ? row.setting.key : JSON.stringify(own);
}

/** How much of the spread of each task's test metric goes with each option of the sweep, and how much with the seed. */
export function optionImportance({ comparison, options }: SweepChartInput): ChartSection | undefined {
  const charts = comparison.columns.flatMap(({ task, metric, primary }, column): BarsChart[] => {
    if (!primary) return [];
    const observations = comparison.rows.flatMap((row) =>
      [...(row.cells[column]?.bySeed ?? [])].map(([seed, value]): Observation => {
        const levels = levelsOf(row, options.get(row.setting.key));
        return { value, levels: levels.set(seedFactor, String(seed)) };
      }),
    );
    const found = withoutTwins(importances(observations)).slice(0, mostFactors);
    if (found.length === 0) return [];
    return [
      {
        kind: 'bars',
        id: `importance-${task}`,
        title: taskMetricLabel(comparison, task, metric),
        valueLabel: 'Share of the variance between trials, %',
        better: undefined,
        decimals: 0,
        range: [0, 100],
        bars: found.map(({ factor, share, corrected, levels, trials }) => ({
          key: factor,
          label: `${factor.charAt(0).toUpperCase()}${factor.slice(1)}`,
          value: share * 100,
          mark: Math.max(0, corrected) * 100,
          note: `${levels} levels, n = ${trials}`,
        })),
      },
    ];
  });
  if (charts.length === 0) return undefined;
  return {
    id: 'option-importance',
    title: 'Importance of options',
    explanation:
      'One-way analysis of variance over finished trials, each option by itself. Bars: η², the share of the variance that lies between the ' +
      'option’s levels. Marks: ε², the same less what as many levels explain by chance; at 0 nothing is shown to matter. Options that vary ' +
      'together share their variance, so bars need not add up to 100 %.',
    legend: [],
    charts,
  };
}

/** The method alone says no more than the whole weighting where each method occurs once. */
function withoutTwins(found: readonly Importance[]): Importance[] {
  const whole = found.find(({ factor }) => factor === weightingFactor);
  return found.filter(({ factor, levels }) => factor !== 'weighting method' || levels !== whole?.levels);
}
