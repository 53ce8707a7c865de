export interface Spread {
  readonly mean: number;
  /** Sample standard deviation (n − 1); undefined for one value. */
  readonly deviation: number | undefined;
  readonly count: number;
}

/** Mean and sample standard deviation; undefined without values. */
export function spread(values: readonly number[]): Spread | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, deviation: undefined, count };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}
