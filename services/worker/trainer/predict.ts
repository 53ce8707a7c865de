import * as tf from '@tensorflow/tfjs-core';
import type { Dropout } from '../models/scope.js';
import type { HeadOutput } from '../workloads/workload.js';
import { splitOutput } from './step-batch.js';
import { imageTensor, type Trial, type TrialTask } from './trial.js';

/** What a head puts out for some samples, each sample after sample, channels last. */
export interface Prediction {
  /** The task's own channels, raw. */
  readonly values: Float32Array;
  /** Where the head predicts its noise: log b or log σ² at each place, or log σ² of each logit. */
  readonly logScales?: Float32Array;
}

/**
 * Predicts some samples.
 * @param options.calls how often so many samples are looked at in all
 * @param options.dropout what the pass leaves out
 * @returns one prediction per task, in task order
 */
export async function predict(
  { model, recordings, workload, tasks }: Trial,
  images: Float32Array,
  size: number,
  { calls = 1, dropout }: { readonly calls?: number; readonly dropout?: Dropout | undefined } = {},
): Promise<Prediction[]> {
  const outputs = tf.tidy(() => {
    const input = imageTensor(images, size, workload);
    const forward = (): HeadOutput[] => model.forward(input, 'evaluation', dropout);
    // What is left out at random is drawn on the host; between epochs a network that adapts changes what it computes.
    const repeats = model.afterEpoch === undefined && dropout === undefined;
    const raw = repeats ? recordings.predictions.run([input], calls, forward) : forward();
    return (raw as HeadOutput[]).map((output, index) => {
      const task = tasks[index] as TrialTask;
      if (task.noiseChannels === 0) return [output];
      const { predictions, logScales } = splitOutput(task, output);
      return [predictions, logScales];
    });
  });
  try {
    return await Promise.all(
      outputs.map(async (parts) => {
        const [values, logScales] = await Promise.all(parts.map((part) => part.data<'float32'>()));
        return { values: values as Float32Array, ...(logScales === undefined ? {} : { logScales }) };
      }),
    );
  } finally {
    tf.dispose(outputs);
  }
}
