import type { TaskSource } from '../../shared/catalog/workloads.js';
import { weightingMetrics } from '../../shared/messages/reports.js';
import { cosineMetric, taskPairs } from '../../shared/messages/gradient-cosines.js';
import { gradientCosines } from './gradient-cosines.js';
import { learnedWeights } from './learned-weights.js';
import { learningCurves } from './learning-curves.js';
import { metricAgainstWeight } from './metric-against-weight.js';
import { optionImportance } from './option-importance.js';
import { parallelSettings } from './parallel-settings.js';
import { paretoFront } from './pareto-front.js';
import { responseSurface } from './response-surface.js';
import { timeAndThroughput } from './time-and-throughput.js';
import { taskMetrics } from '../../shared/compare/metric-names.js';
import type { ChartSection } from './spec.js';
import type { SweepChartInput } from './sweep-input.js';

/** The charts of a sweep's page in their order. A new one is a file beside this and a line here. */
const sweepCharts: readonly ((input: SweepChartInput) => ChartSection | readonly ChartSection[] | undefined)[] = [
  metricAgainstWeight,
  responseSurface,
  paretoFront,
  parallelSettings,
  optionImportance,
  learningCurves,
  learnedWeights,
  gradientCosines,
  timeAndThroughput,
];

/** Every section that there are numbers for. */
export function chartSections(input: SweepChartInput): ChartSection[] {
  return sweepCharts.flatMap((build) => build(input) ?? []);
}

/** The metrics that those charts read, so that only these are fetched. */
export function chartedMetrics(source: TaskSource, tasks: readonly string[]): string[] {
  const primary = tasks.flatMap((task) => taskMetrics(source, task)[0]?.name ?? []);
  const cosines = taskPairs(tasks).map(([, other]) => cosineMetric(other));
  return [...new Set([...primary, ...cosines, ...Object.values(weightingMetrics)])];
}
