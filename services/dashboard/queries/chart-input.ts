import { curveSettings } from '../charts/curve-settings.js';
import { chartedMetrics } from '../charts/registry.js';
import { curvesByName, type SweepChartInput } from '../charts/sweep-input.js';
import type { Database } from '../../shared/db/connect.js';
import { readSettingCurves, type SettingCurve, type WantedCurves } from './curves.js';
import { readWholeComparison, type WholeComparison } from './results.js';
import { readTrialTimes } from './trial-times.js';

/** Parts of a sweep's charts that may be kept from before. */
export interface ChartSources {
  readonly whole: (sweepId: string) => Promise<WholeComparison>;
  readonly curves: (sweepId: string, wanted: WantedCurves) => Promise<readonly SettingCurve[]>;
}

/** Everything that a sweep's charts are made from. @param sources the database by default */
export async function readChartInput(
  database: Database,
  sweep: { readonly id: string; readonly workload: string; readonly data: unknown; readonly tasks: readonly string[] },
  sources: ChartSources = {
    whole: (sweepId) => readWholeComparison(database, sweepId),
    curves: (sweepId, wanted) => readSettingCurves(database, sweepId, wanted),
  },
): Promise<SweepChartInput> {
  const [{ whole: comparison, options }, times] = await Promise.all([
    sources.whole(sweep.id),
    readTrialTimes(database, sweep.id),
  ]);
  const curves = await sources.curves(sweep.id, {
    settings: curveSettings(comparison),
    splits: ['train', 'validation'],
    metrics: chartedMetrics(sweep, sweep.tasks),
  });
  return { comparison, options, times, curves: curvesByName(curves) };
}
