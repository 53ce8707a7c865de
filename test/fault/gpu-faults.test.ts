import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { openBackend } from '../../services/worker/backends/choose.js';
import { DeviceFailure } from '../../services/worker/backends/device-failure.js';
import { causeOf, isRetryable } from '../../services/worker/trainer/errors.js';
import { train, type TrainingContext } from '../../services/worker/trainer/train.js';
import type { FromTrainer } from '../../services/worker/trainer-protocol.js';
import type { TaskKindImplementation } from '../../services/worker/workloads/workload.js';
import { toyKinds, toyTrial, toyWorkload } from '../helpers/toy-workload.js';
import { everything } from '../helpers/tiers.js';

/** A device that fails under a trial; on a software driver, which refuses memory and is lost as a GPU's is. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(swiftShader)) process.env['VK_DRIVER_FILES'] ??= swiftShader;
const missing = await openBackend('webgpu-software').then(
  () => undefined,
  (error: unknown) => String(error),
);

const config = toyTrial({
  weighting: { method: 'equal' },
  model: { name: 'hard-sharing', encoder: [4, 4], head: 4 },
  optimizer: { name: 'sgd' },
});

describe.skipIf(missing !== undefined)(`a GPU that fails (${missing ?? 'on a software driver'})`, () => {
  let failure: AbortSignal;
  beforeEach(async () => {
    failure = (await openBackend('webgpu-software')).failure as AbortSignal;
  });

  /** Trains until it fails. @returns what the trainer would tell its agent */
  async function failureOf(
    kind: Partial<TaskKindImplementation>,
    onStep: () => void = () => undefined,
  ): Promise<unknown> {
    const context: TrainingContext = {
      workload: toyWorkload(8, 1),
      kinds: { ...toyKinds, depth: { ...toyKinds.depth, ...kind } },
      backend: 'webgpu-software',
      say: (message: FromTrainer) => {
        if (message.type === 'metrics') onStep();
      },
      signal: new AbortController().signal,
      deviceFailure: failure,
    };
    return train(config, context).then(
      (end) => `it ended with ${end}`,
      (error: unknown) => causeOf(error, failure),
    );
  }

  it.runIf(everything)('ends the trial with the size that was asked for when it has no memory left', async () => {
    const tooMuch = 2 ** 28;
    const error = await failureOf({
      loss: (predictions) => tf.add(tf.mean(predictions), tf.mean(tf.fill([tooMuch], 0))),
    });
    expect(error).toBeInstanceOf(DeviceFailure);
    expect(error).toMatchObject({ code: 'GPU_OUT_OF_MEMORY', retryable: true });
    expect((error as DeviceFailure).message).toMatch(/a buffer of 1024 MiB was asked for while this trainer held \d/);
  });

  it.runIf(everything)('says that a tensor fits in no buffer, which another attempt does not change', async () => {
    const error = await failureOf({
      loss: (predictions) => tf.add(tf.mean(predictions), tf.mean(tf.fill([2 ** 28 + 1], 0))),
    });
    expect(error).toMatchObject({ code: 'GPU_BUFFER_TOO_LARGE', retryable: false });
    expect(isRetryable(error)).toBe(false);
  });

  it('ends the trial when the device is lost in the middle of it', async () => {
    const { device } = tf.backend() as unknown as { device: { destroy(): void } };
    const error = await failureOf({}, () => device.destroy());
    expect(error).toMatchObject({ code: 'GPU_LOST' });
    expect(isRetryable(error)).toBe(true);
  });
});
