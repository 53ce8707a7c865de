/** What a training step costs under each weighting, beside fixed weights; see step-cost.ts. The usual network. */
import { weightingNames } from '../services/shared/catalog/weightings.js';
import type { BenchRecord } from './record.js';
import { measureSteps, stepTasks, type StepVariant } from './step-cost.js';

const fixedWeights = {
  method: 'fixed',
  weights: Object.fromEntries(stepTasks.map((task) => [task, 1 / stepTasks.length])),
};

function variant(label: string, weighting: Record<string, unknown>): StepVariant {
  return { label, changes: { weighting } };
}

export function run(): Promise<BenchRecord[]> {
  return measureSteps({
    name: 'weighting step',
    reference: 'fixed',
    variants: [
      variant('fixed', fixedWeights),
      ...weightingNames.filter((method) => method !== 'fixed').map((method) => variant(method, { method })),
      variant('famo, progress next-batch', { method: 'famo', progress: 'next-batch' }),
      variant('mgda, gradients parameters', { method: 'mgda', gradients: 'parameters' }),
      variant('gradnorm, gradients parameters', { method: 'gradnorm', gradients: 'parameters' }),
      variant('aligned-mtl, gradients representation', { method: 'aligned-mtl', gradients: 'representation' }),
    ],
  });
}
