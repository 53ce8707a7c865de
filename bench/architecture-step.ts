/**
 * What a training step costs in each architecture, beside hard sharing, with the network's size; see step-cost.ts. Equal
 * weights; the encoder is one that all architectures can be built on. Fully-adaptive sharing is measured as it begins,
 * thin and not branched yet.
 */
import { modelNames } from '../services/shared/catalog/models.js';
import type { BenchRecord } from './record.js';
import { measureSteps, type StepVariant } from './step-cost.js';

const encoder = { name: 'resnet', channels: [16, 32, 64], units: 2 };

function variant(name: string): StepVariant {
  return { label: name, changes: { model: { name, encoder } } };
}

function noisy(label: string, uncertainty: object): StepVariant {
  return { label, changes: { model: { name: 'hard-sharing', encoder }, uncertainty } };
}

export function run(): Promise<BenchRecord[]> {
  return measureSteps({
    name: 'architecture step',
    reference: 'hard sharing',
    variants: [
      variant('hard-sharing'),
      ...modelNames.filter((name) => name !== 'hard-sharing').map(variant),
      noisy('hard-sharing, predicted noise', { heteroscedastic: ['instance', 'depth'] }),
      noisy('hard-sharing, noisy classes', { heteroscedastic: ['semantic'] }),
    ],
    further: (label, { model, workload }, backend) => [
      {
        name: `architecture step, ${backend}, parameters: ${label}`,
        value: model.usedParameters() / 1e3,
        unit: '10³',
        comparedWith: 'three tasks at 64×128 px',
      },
      {
        name: `architecture step, ${backend}, multiply-adds: ${label}`,
        value: model.multiplyAdds(workload) / 1e6,
        unit: '10⁶',
        comparedWith: 'the forward pass of one image',
      },
    ],
  });
}
