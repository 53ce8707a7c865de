import type { MetricSum, TaskDeclaration, ToldOf } from './tasks.js';

/**
 * A metric that is a mean over the samples.
 * @param of a sample's share; `undefined` where the sample does not count
 */
export function mean<Task extends TaskDeclaration>(
  of: (sample: ToldOf<Task>) => number | undefined,
): () => MetricSum<Task> {
  return () => {
    let [sum, count] = [0, 0];
    return {
      add: (sample) => {
        const value = of(sample);
        if (value === undefined) return;
        sum += value;
        count += 1;
      },
      value: () => (count === 0 ? undefined : sum / count),
    };
  };
}
