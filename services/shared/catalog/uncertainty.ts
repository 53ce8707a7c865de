import { z } from 'zod';
import type { MetricInfo, TaskKind } from './metrics.js';
import { metricsOfKind } from './metrics.js';

/** How a kind of task reads its prediction as a distribution; null for kinds that have no likelihood to do it by. */
export const distributionOfKind: Readonly<Record<TaskKind, 'regression' | 'classes' | null>> = {
  segmentation: 'classes',
  'instance-vectors': 'regression',
  depth: 'regression',
  'metric-depth': 'regression',
  'inverse-depth': 'regression',
  // The loss is 1 − cosine, which belongs to no likelihood that is implemented here.
  normals: null,
  classification: 'classes',
  // One probability for each label, which no reliability diagram of classes shows.
  'multi-label': null,
  regression: 'regression',
};

/** Kinds of tasks whose noise a head can predict. */
export const noisyKinds: readonly TaskKind[] = (Object.keys(distributionOfKind) as TaskKind[]).filter(
  (kind) => distributionOfKind[kind] !== null,
);

/** What a trial with `uncertainty` reports of a task on the test split beside its metrics. */
export function uncertaintyMetricsOfKind(kind: TaskKind): readonly MetricInfo[] {
  const family = distributionOfKind[kind];
  if (family === null) return [];
  const nats = { unit: 'nats', better: 'lower', scale: 1, decimals: 3 } as const;
  const likelihood: MetricInfo = { name: 'negativeLogLikelihood', label: 'Negative log likelihood', ...nats };
  const calibration: MetricInfo = {
    name: 'calibrationError',
    label: family === 'classes' ? 'Expected calibration error' : 'Calibration error',
    unit: '%',
    better: 'lower',
    scale: 100,
    decimals: 1,
  };
  if (family === 'classes') {
    return [
      likelihood,
      calibration,
      { name: 'noiseInformation', label: 'Noise information', ...nats },
      { name: 'mutualInformation', label: 'Mutual information', ...nats },
    ];
  }
  const { unit, decimals } = metricsOfKind[kind][0];
  const deviation = { unit, better: 'lower', scale: 1, decimals } as const;
  return [
    likelihood,
    calibration,
    { name: 'predictedDeviation', label: 'Predicted deviation', ...deviation },
    { name: 'epistemicDeviation', label: 'Epistemic deviation', ...deviation },
  ];
}

/** What a trial says of the doubt in its predictions; docs/uncertainty.md explains it. */
export const uncertaintyOptions = z.strictObject({
  heteroscedastic: z
    .array(z.string().max(64))
    .max(16)
    .default([])
    .describe(
      'Tasks whose heads also predict how noisy each pixel or image is; they are trained on the likelihood of both. Regressions and classes can.',
    ),
  logitSamples: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('Samples of the noisy logits that a heteroscedastic task of classes is trained and tested with.'),
  dropout: z
    .strictObject({
      rate: z.number().gt(0).max(0.9).default(0.2).describe('Share of the features that a pass leaves out, at random.'),
      passes: z
        .int()
        .min(2)
        .max(1000)
        .default(20)
        .describe('Passes with other features left out that a prediction of the test split is the mean of.'),
    })
    .describe('Monte Carlo dropout in training and testing; no feature is left out without it.')
    .optional(),
});
export type UncertaintyConfig = z.output<typeof uncertaintyOptions>;
