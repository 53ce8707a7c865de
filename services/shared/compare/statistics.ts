export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n − 1); undefined for one value. */
  readonly deviation: number | undefined;
  readonly count: number;
}

/**
 * Mean and sample standard deviation; undefined without values. Values are summed in ascending order, so that the order
 * in which seeds finish changes no bit of the result.
 */
export function spread(values: readonly number[]): Spread | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const ascending = [...values].sort((a, b) => a - b);
  const mean = ascending.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, deviation: undefined, count };
  const squares = ascending.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}
