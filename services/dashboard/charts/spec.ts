/** Charts as data: the server builds them, the browser draws any of them. */

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** One standard deviation over seeds below and above; left out for a single seed. */
  readonly low?: number;
  readonly high?: number;
  /** Seeds behind the point. */
  readonly seeds?: number;
  /** Shown with the point's numbers, e.g. which setting it is. */
  readonly note?: string;
}

/** What a series stands for; colours and dashes follow from it, the same in every chart. */
export type SeriesRole = 'single' | 'fixed' | 'learned' | 'task';

export interface ChartSeries {
  /** Series of one section that share a key are switched on and off together. */
  readonly key: string;
  /** `level`: a horizontal line across the chart at its only point. */
  readonly shape: 'line' | 'points' | 'level';
  readonly points: readonly ChartPoint[];
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Which direction is good, told beside the title; undefined where neither is. */
  readonly better: 'higher' | 'lower' | undefined;
  /** Ends of the x axis where they are known beforehand. */
  readonly xRange: readonly [number, number] | undefined;
  /** Whether the y axis is logarithmic. */
  readonly logarithmic: boolean;
  readonly decimals: number;
  readonly series: readonly ChartSeries[];
}

export interface LegendEntry {
  readonly key: string;
  readonly label: string;
  readonly role: SeriesRole;
  /** Place among the entries of its role, from 0, and how many there are: the colour is chosen by these. */
  readonly rank: number;
  readonly count: number;
}

/** Charts that belong together and share a legend. */
export interface ChartSection {
  readonly id: string;
  readonly title: string;
  readonly explanation: string;
  readonly legend: readonly LegendEntry[];
  readonly charts: readonly Chart[];
}

/** Numbers the entries of each role. */
export function legendOf(
  entries: readonly { readonly key: string; readonly label: string; readonly role: SeriesRole }[],
): LegendEntry[] {
  const counts = new Map<SeriesRole, number>();
  const ranked = entries.map((entry) => {
    const rank = counts.get(entry.role) ?? 0;
    counts.set(entry.role, rank + 1);
    return { ...entry, rank };
  });
  return ranked.map((entry) => ({ ...entry, count: counts.get(entry.role) ?? 1 }));
}
