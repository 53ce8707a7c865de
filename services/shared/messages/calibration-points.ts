/**
 * What a task's calibration is drawn from travels and is kept as test metrics of its own, as the cells of a confusion
 * matrix do: `calibration:quantile:0.05`, and of classes `calibration:bin:3:confidence`.
 */
export const calibrationPrefix = 'calibration:';

/** Levels of the quantiles that are looked at: 0.05, 0.1 … 0.95. */
export const quantileLevels: readonly number[] = Array.from({ length: 19 }, (_, place) => (place + 1) / 20);

/** Bins of equal width over the confidence 0 … 1 (Guo et al. 2017 take as many). */
export const confidenceBins = 15;

/** Of one bin of confidences. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean probability of the predicted class. */
  readonly confidence: number;
  /** Share that was predicted right. */
  readonly accuracy: number;
}

/** How far predictions keep what they promise. */
export interface Calibration {
  /** Of a regression: how often the truth was below each quantile of its predicted distribution. */
  readonly quantiles: readonly { readonly level: number; readonly observed: number }[];
  /** Of classes: the bins that are not empty, by confidence. */
  readonly bins: readonly ReliabilityBin[];
}

export function quantileMetric(level: number): string {
  return `${calibrationPrefix}quantile:${level}`;
}

const binQuantities = ['count', 'confidence', 'accuracy'] as const satisfies (keyof ReliabilityBin)[];

/** @param bin from 0 */
export function binMetrics(bin: number, values: ReliabilityBin): [metric: string, value: number][] {
  return binQuantities.map((quantity) => [`${calibrationPrefix}bin:${bin}:${quantity}`, values[quantity]]);
}

const pattern = new RegExp(`^${calibrationPrefix}(?:quantile:([\\d.]+)|bin:(\\d+):(${binQuantities.join('|')}))$`);

/** The calibration that a task's test metrics hold; without points where they hold none. */
export function calibrationOf(metrics: readonly { readonly metric: string; readonly value: number }[]): Calibration {
  const quantiles: { level: number; observed: number }[] = [];
  const bins = new Map<number, Partial<Record<keyof ReliabilityBin, number>>>();
  for (const { metric, value } of metrics) {
    const [, level, bin, quantity] = pattern.exec(metric) ?? [];
    if (level !== undefined) quantiles.push({ level: Number(level), observed: value });
    if (bin === undefined) continue;
    const known = bins.get(Number(bin)) ?? {};
    known[quantity as keyof ReliabilityBin] = value;
    bins.set(Number(bin), known);
  }
  return {
    quantiles: quantiles.sort((one, other) => one.level - other.level),
    bins: [...bins]
      .sort(([one], [other]) => one - other)
      .map(([, bin]) => ({ count: 0, confidence: 0, accuracy: 0, ...bin })),
  };
}
