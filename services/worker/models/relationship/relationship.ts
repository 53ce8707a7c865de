import * as tf from '@tensorflow/tfjs-core';
import type { ModelOptions } from '../../../shared/catalog/models.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { hardSharing } from '../hard-sharing.js';
import { placed, together } from '../layers/layer.js';
import type { ArchitectureFactory } from '../model.js';
import { scopeOf, type Scope } from '../scope.js';
import { layerPrior, relatedLayers, type RelatedLayer } from './layer-prior.js';

const priorName = 'prior';

/**
 * Multilinear relationship networks (Long, Cao, Wang & Yu 2017): hard sharing, with a tensor-normal prior over the layers
 * that the tasks' heads have in common, so that the heads learn from each other as far as the tasks are found to be
 * related. The objective is that of the maximum a posteriori, the covariances being taken anew after every
 * epoch by a round of the flip-flop algorithm.
 */
export const relationship: ArchitectureFactory<ModelOptions<'relationship'>> = (options, input, tasks) => {
  const base = hardSharing(options, input, tasks);
  const layers = relatedLayers(
    tasks.map(({ name: task }) => ({
      task,
      parameters: base.parameters
        .filter(({ group }) => group === task)
        .map((one) => ({ ...one, name: one.name.slice(task.length + 1) })),
    })),
  );
  if (tasks.length > 1 && layers.length === 0) {
    throw new SigmasweepError(
      'MODEL_UNSUITABLE',
      `A relationship network relates layers of the same shape in the heads of several tasks; those of ${tasks
        .map(({ name }) => name)
        .join(', ')} have none in common`,
      { hint: 'Take tasks whose outputs are of the same form, or another architecture.' },
    );
  }
  const priors = layers.map((layer) => ({ layer, prior: layerPrior(layer, `${layer.name}:${layer.tasks.join('+')}`) }));
  const weightsOf = ({ name, tasks: some }: RelatedLayer, scope: Scope): tf.Tensor[] =>
    some.map((task) => scope.within(task).parameter(name));
  return {
    ...base,
    state: [...base.state, ...placed(together(priors.map(({ prior }) => prior)), priorName, priorName).state],
    penalty: (scope) => {
      const terms = priors.map(({ layer, prior }) =>
        prior.squaredNorm(weightsOf(layer, scope), scope.within(priorName)),
      );
      const sum = terms.length === 0 ? tf.scalar(0) : tf.addN(terms);
      return tf.mul(sum, options.strength / 2);
    },
    adaptation: {
      afterEpoch: async (_, values) => {
        const scope = scopeOf(values, 'training');
        const lines: string[] = [];
        for (const { layer, prior } of priors) {
          const found = await prior.update(weightsOf(layer, scope), scope.within(priorName), options.epsilon);
          lines.push(correlationLine(layer, found));
        }
        return lines;
      },
    },
  };
};

/** For example "related tasks by up3/filter: semantic–depth 0.12". */
function correlationLine({ name, tasks }: RelatedLayer, correlations: Float64Array): string {
  const pairs = tasks.flatMap((one, row) =>
    tasks.slice(row + 1).map((other, place) => {
      const value = correlations[row * tasks.length + row + 1 + place] ?? Number.NaN;
      return `${one}–${other} ${value.toFixed(3)}`;
    }),
  );
  return `correlations of the tasks by ${name}: ${pairs.join(', ')}`;
}
