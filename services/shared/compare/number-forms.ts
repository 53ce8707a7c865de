import type { MetricInfo } from '../catalog/metrics.js';
import type { SizeInfo } from './network-size.js';
import type { Spread } from './statistics.js';

/** Shown where there is no number. */
export const dash = '–';

/** Shown for a weight that is learned and so has no one value. */
export const learnedMark = '✓';

/** Shown for a constant weight that comes from other rows: one for each seed, or one that is not known yet. */
export const derivedMark = '↺';

/** Put behind what is not significantly worse than the best of its column. */
export const closeMark = '†';

/** Decimals of Δm, which is in %. */
export const deltaDecimals = 1;

/**
 * A weight as the paper prints it: 1.0, 0.975, 0.333. It is written out in full where it is short, otherwise with three
 * significant digits; a weight of 0 is a task that is not trained, and a bare 0.
 */
export function formatWeight(weight: number): string {
  if (weight === 0) return '0';
  const full = String(weight);
  const text = full.length <= 6 ? full : String(Number(weight.toPrecision(3)));
  return /^\d+$/.test(text) ? `${text}.0` : text;
}

/** A mean and what follows it, apart, so that means can be put under each other or in bold. */
export interface SpreadText {
  readonly mean: string;
  /** Undefined for a single value. */
  readonly deviation: string | undefined;
}

/** A metric over seeds, scaled and rounded for showing. */
export function formatMetric({ mean, deviation }: Spread, metric: MetricInfo): SpreadText {
  return {
    mean: fixed(mean * metric.scale, metric.decimals),
    deviation: deviation === undefined ? undefined : fixed(deviation * metric.scale, metric.decimals),
  };
}

/** A change in %, always with its sign. */
export function formatChange({ mean, deviation }: Spread): SpreadText {
  const text = fixed(mean, deltaDecimals);
  return {
    mean: Number(text) > 0 ? `+${text}` : text.replace('-', '−'),
    deviation: deviation === undefined ? undefined : fixed(deviation, deltaDecimals),
  };
}

/** A size over seeds; without a deviation where all are of one size. */
export function formatSize({ mean, deviation }: Spread, { scale }: SizeInfo): SpreadText {
  return {
    mean: fixed(mean * scale, 1),
    deviation: deviation === undefined || deviation === 0 ? undefined : fixed(deviation * scale, 1),
  };
}

/** As toFixed, but what rounds to zero has no sign. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? (0).toFixed(decimals) : text;
}
