import { spread } from '../../shared/compare/statistics.js';
import { weightings } from '../../shared/catalog/weightings.js';
import type { TrialTime } from '../queries/trial-times.js';
import type { BarsChart, ChartSection, XyChart } from './spec.js';
import { legendOf } from './spec.js';
import type { SweepChartInput } from './sweep-input.js';

/** More groups than these are not read; the slowest are. */
const mostGroups = 16;
/** A curve needs no more points than it has pixels. */
const mostPoints = 200;
const doneKey = 'done';

interface Group {
  readonly label: string;
  readonly times: TrialTime[];
}

/** What trials of one weighting on one kind of device took; devices are named only where there are several. */
export function timeGroups(times: readonly TrialTime[], methodOf: (settingKey: string) => string): Group[] {
  const devices = new Set(times.map(({ backend, device }) => `${backend} on ${device}`));
  const groups = new Map<string, Group>();
  for (const time of times) {
    const method = methodOf(time.settingKey);
    const label = devices.size > 1 ? `${method}, ${time.backend} on ${time.device}` : method;
    const group = groups.get(label) ?? { label, times: [] };
    group.times.push(time);
    groups.set(label, group);
  }
  return [...groups.values()];
}

/** The number of finished trials over the minutes since the first one began. */
export function finishedOverTime(times: readonly TrialTime[]): { x: number; y: number }[] {
  const start = times.reduce((first, { startedAt }) => Math.min(first, startedAt.getTime()), Infinity);
  const ends = times.map(({ endedAt }) => (endedAt.getTime() - start) / 60_000).sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(ends.length / mostPoints));
  const shown = ends.map((x, place) => ({ x, y: place + 1 })).filter(({ y }) => y % every === 0 || y === ends.length);
  return [{ x: 0, y: 0 }, ...shown];
}

/** How long trials took by weighting and device, how fast their steps were, and how the sweep got on. */
export function timeAndThroughput({ comparison, times }: SweepChartInput): ChartSection | undefined {
  if (times.length === 0) return undefined;
  const settings = new Map(comparison.rows.map(({ setting }) => [setting.key, setting]));
  const methodOf = (key: string): string => {
    const setting = settings.get(key);
    if (setting?.kind === 'single') return 'single task';
    const method = setting?.method ?? '';
    return Object.hasOwn(weightings, method) ? weightings[method as keyof typeof weightings].label : method;
  };
  const groups = timeGroups(times, methodOf);
  const bars = (
    id: string,
    title: string,
    valueLabel: string,
    decimals: number,
    of: (time: TrialTime) => number,
  ): BarsChart => ({
    kind: 'bars',
    id,
    title,
    valueLabel,
    better: undefined,
    decimals,
    range: undefined,
    bars: groups
      .flatMap(({ label, times: own }) => {
        const over = spread(own.map(of).filter((value) => Number.isFinite(value)));
        if (over === undefined) return [];
        const { mean, deviation, count } = over;
        return [
          {
            key: label,
            label,
            value: mean,
            ...(deviation === undefined ? {} : { low: mean - deviation, high: mean + deviation }),
            note: `n = ${count}`,
          },
        ];
      })
      .sort((a, b) => b.value - a.value)
      .slice(0, mostGroups),
  });
  const progress: XyChart = {
    kind: 'xy',
    id: 'finished-trials',
    title: 'Finished trials',
    xLabel: 'Minutes since the first trial began',
    yLabel: 'Trials',
    better: undefined,
    xRange: undefined,
    xDecimals: 1,
    logarithmic: false,
    decimals: 0,
    series: [{ key: doneKey, shape: 'outline', points: finishedOverTime(times) }],
  };
  return {
    id: 'time-and-throughput',
    title: 'Time and throughput',
    explanation:
      'Succeeded trials, from claim to result, with what came before the first step and the evaluations. Bars are means, their lines ± one standard deviation.',
    legend: legendOf([{ key: doneKey, label: 'Finished trials', role: 'task' }]),
    charts: [
      bars('trial-seconds', 'Time of a trial', 'Seconds', 1, ({ seconds }) => seconds),
      bars('steps-per-second', 'Optimizer steps', 'Steps a second', 1, ({ steps, seconds }) => steps / seconds),
      progress,
    ],
  };
}
