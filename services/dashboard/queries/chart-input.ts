import { curveSettings } from '../charts/curve-settings.js';
import { chartedMetrics } from '../charts/registry.js';
import type { SweepChartInput } from '../charts/sweep-input.js';
import type { Database } from '../../shared/db/connect.js';
import { readSettingCurves } from './curves.js';
import { readComparison } from './results.js';
import { readSettingOptions } from './setting-options.js';
import { readTrialTimes } from './trial-times.js';

/** Everything that a sweep's charts are made from. */
export async function readChartInput(
  database: Database,
  sweep: { readonly id: string; readonly workload: string; readonly data: unknown; readonly tasks: readonly string[] },
): Promise<SweepChartInput> {
  const [comparison, options, times] = await Promise.all([
    readComparison(database, sweep.id),
    readSettingOptions(database, sweep.id),
    readTrialTimes(database, sweep.id),
  ]);
  const curves = await readSettingCurves(database, sweep.id, {
    settings: curveSettings(comparison),
    splits: ['train', 'validation'],
    metrics: chartedMetrics(sweep, sweep.tasks),
  });
  return { comparison, options, times, curves };
}
