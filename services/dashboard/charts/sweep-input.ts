import type { Comparison } from '../../shared/compare/comparison.js';
import type { SettingOptions } from '../compare/options.js';
import type { SettingPoint } from '../queries/curves.js';
import type { TrialTime } from '../queries/trial-times.js';
import { legendOf, type ChartPoint, type LegendEntry } from './spec.js';

/** What a sweep's charts are made from. */
export interface SweepChartInput {
  readonly comparison: Comparison;
  readonly curves: readonly SettingPoint[];
  /** By the setting's key. */
  readonly options: ReadonlyMap<string, SettingOptions>;
  /** Of the trials that have succeeded. */
  readonly times: readonly TrialTime[];
}

export function settingLegend({ rows }: Comparison): LegendEntry[] {
  return legendOf(rows.map(({ name, setting: { key, kind } }) => ({ key, label: name, role: kind })));
}

/** A curve needs no more points than a chart has pixels for. */
const mostPoints = 150;

/** Every n-th of many, and the last. */
export function thinned<Item>(items: readonly Item[]): readonly Item[] {
  const every = Math.ceil(items.length / mostPoints);
  return every <= 1 ? items : items.filter((_, place) => place % every === 0 || place === items.length - 1);
}

/** One quantity of one task for one setting over epochs, scaled for showing. */
export function settingCurve(
  curves: readonly SettingPoint[],
  wanted: { settingKey: string; split: string; task: string; metric: string },
  show: (value: number) => number = (value) => value,
): ChartPoint[] {
  return thinned(
    curves.filter(
      (point) =>
        point.settingKey === wanted.settingKey &&
        point.split === wanted.split &&
        point.task === wanted.task &&
        point.metric === wanted.metric,
    ),
  ).map((point) => ({
    x: point.epoch,
    y: show(point.mean),
    seeds: point.seeds,
    ...(point.deviation === null
      ? {}
      : { low: show(point.mean - point.deviation), high: show(point.mean + point.deviation) }),
  }));
}
