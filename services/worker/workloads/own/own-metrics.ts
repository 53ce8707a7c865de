import type { MetricAccumulator, OpenTask, TargetArray } from '../workload.js';
import type { OwnTarget } from './targets.js';
import type { MetricDeclaration, TaskDeclaration } from './tasks.js';

type Declared = Readonly<Record<string, MetricDeclaration<TaskDeclaration>>>;

/** Tells a workload's own metrics of one task every sample of a split, one by one. */
export function ownMetricsOf(
  declared: Declared,
  { told }: Pick<OwnTarget, 'told'>,
  scaling: NonNullable<OpenTask['scaling']> = { mean: 0, deviation: 1 },
): Pick<MetricAccumulator, 'update' | 'result'> {
  const sums = Object.entries(declared).map(([name, metric]) => ({ name, sum: metric.sum() }));
  return {
    update(predictions: Float32Array, targets: TargetArray, size: number): void {
      const [perPrediction, perTarget] = [predictions.length / size, targets.length / size];
      for (let sample = 0; sample < size; sample += 1) {
        const facts = told(
          predictions.subarray(sample * perPrediction, (sample + 1) * perPrediction),
          targets.subarray(sample * perTarget, (sample + 1) * perTarget),
          scaling,
        );
        // The declaration's type and the target's table say the same of each kind.
        if (facts !== undefined) sums.forEach(({ sum }) => sum.add(facts as Parameters<typeof sum.add>[0]));
      }
    },
    result: () =>
      Object.fromEntries(
        sums.flatMap(({ name, sum }) => {
          const value = sum.value();
          return value === undefined ? [] : [[name, value] as const];
        }),
      ),
  };
}
