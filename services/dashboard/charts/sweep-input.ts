import type { Comparison } from '../../shared/compare/comparison.js';
import type { SettingOptions } from '../compare/options.js';
import type { SettingCurve } from '../queries/curves.js';
import type { TrialTime } from '../queries/trial-times.js';
import { legendOf, type ChartPoint, type LegendEntry } from './spec.js';

/** Which curve is meant. */
type CurveName = Pick<SettingCurve, 'settingKey' | 'split' | 'task' | 'metric'>;

/** Curves by what they are called: charts look for each one of theirs. */
export type SettingCurves = ReadonlyMap<string, SettingCurve>;

const nameOf = ({ settingKey, split, task, metric }: CurveName): string =>
  JSON.stringify([settingKey, split, task, metric]);

export function curvesByName(curves: readonly SettingCurve[]): SettingCurves {
  return new Map(curves.map((curve) => [nameOf(curve), curve]));
}

/** What a sweep's charts are made from. */
export interface SweepChartInput {
  readonly comparison: Comparison;
  readonly curves: SettingCurves;
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
  curves: SettingCurves,
  wanted: CurveName,
  show: (value: number) => number = (value) => value,
): ChartPoint[] {
  const curve = curves.get(nameOf(wanted));
  if (curve === undefined) return [];
  const { epochs, means, deviations, seeds } = curve;
  return thinned([...epochs.keys()]).flatMap((place): ChartPoint[] => {
    const [epoch, mean, deviation] = [epochs[place], means[place], deviations[place] ?? null];
    if (epoch === undefined || mean === undefined) return [];
    return [
      {
        x: epoch,
        y: show(mean),
        seeds: seeds[place] ?? 0,
        ...(deviation === null ? {} : { low: show(mean - deviation), high: show(mean + deviation) }),
      },
    ];
  });
}
