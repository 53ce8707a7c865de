/** Charts as data: the server builds them; the page, the report and the files draw any of them. */

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
  /** Drawn hollow and pale: it is there, but another point matters more. */
  readonly faded?: boolean;
}

/** What a series stands for; colours and dashes follow from it, the same in every chart. */
export type SeriesRole = 'single' | 'fixed' | 'learned' | 'task';

export interface ChartSeries {
  /** Series of one section that share a key are switched on and off together. */
  readonly key: string;
  /**
   * `level`: a horizontal line across the chart at its only point's height; `upright`: a vertical one at its place;
   * `outline`: a line without marks.
   */
  readonly shape: 'line' | 'points' | 'level' | 'upright' | 'outline';
  readonly points: readonly ChartPoint[];
}

interface ChartBase {
  readonly id: string;
  readonly title: string;
  /** Which direction is good, told beside the title; undefined where neither is. */
  readonly better: 'higher' | 'lower' | undefined;
  readonly decimals: number;
}

/** Series over two axes. */
export interface XyChart extends ChartBase {
  readonly kind: 'xy';
  readonly xLabel: string;
  readonly yLabel: string;
  /** Which direction of the x axis is good, where one is. */
  readonly xBetter?: 'higher' | 'lower';
  /** Decimals of the x axis, where it is a metric. */
  readonly xDecimals?: number;
  /** Ends of the x axis where they are known beforehand. */
  readonly xRange: readonly [number, number] | undefined;
  /** Ends of the y axis where they are known beforehand. */
  readonly yRange?: readonly [number, number];
  /** Whether the y axis is logarithmic. */
  readonly logarithmic: boolean;
  readonly series: readonly ChartSeries[];
}

/** Three weights that sum to 1. */
export type Shares = readonly [number, number, number];

export interface TernaryPoint {
  readonly shares: Shares;
  readonly value: number;
  readonly deviation?: number;
  readonly seeds: number;
  readonly note: string;
}

/** A value over the triangle of three weights, and the ways that learned weights take through it. */
export interface TernaryChart extends ChartBase {
  readonly kind: 'ternary';
  /** What the value is. */
  readonly valueLabel: string;
  /** Names of the corners, where one weight is everything: bottom left, bottom right, top. */
  readonly corners: readonly [string, string, string];
  readonly points: readonly TernaryPoint[];
  /** From the first epoch to the last, one per learned setting. */
  readonly paths: readonly { readonly key: string; readonly shares: readonly Shares[] }[];
}

/** An axis of a parallel chart. Its values are numbers, or places in `categories`. */
export interface ParallelAxis {
  readonly label: string;
  readonly categories?: readonly string[];
  readonly logarithmic?: boolean;
  readonly better?: 'higher' | 'lower';
  readonly decimals?: number;
}

/** Settings as lines across several axes. */
export interface ParallelChart extends ChartBase {
  readonly kind: 'parallel';
  readonly axes: readonly ParallelAxis[];
  readonly lines: readonly {
    readonly key: string;
    readonly note: string;
    /** One per axis; null where the setting has none. */
    readonly values: readonly (number | null)[];
    /** 0 the worst to 1 the best, for the line's colour; null where it is not known. */
    readonly rank: number | null;
  }[];
}

/** Named amounts, longest text first read. */
export interface BarsChart extends ChartBase {
  readonly kind: 'bars';
  readonly valueLabel: string;
  /** Ends of the axis; from 0 to the largest amount where undefined. */
  readonly range: readonly [number, number] | undefined;
  readonly bars: readonly {
    readonly key: string;
    readonly label: string;
    readonly value: number;
    readonly low?: number;
    readonly high?: number;
    /** A second number of the same kind, drawn as a mark on the bar. */
    readonly mark?: number;
    /** Said behind the number: how many trials, levels. */
    readonly note: string;
  }[];
}

export type Chart = XyChart | TernaryChart | ParallelChart | BarsChart;

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

/** Keys of the legend that a chart draws by lines, as against marks alone. */
export function joinedKeys(chart: Chart): string[] {
  switch (chart.kind) {
    case 'xy':
      return chart.series.filter(({ shape }) => shape !== 'points').map(({ key }) => key);
    case 'ternary':
      return chart.paths.map(({ key }) => key);
    case 'parallel':
      return chart.lines.map(({ key }) => key);
    case 'bars':
      return [];
  }
}
