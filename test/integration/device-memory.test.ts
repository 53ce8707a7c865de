import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../services/worker/backends/choose.js';
import { DeviceFailure } from '../../services/worker/backends/device-failure.js';
import { parseNvidiaFacts } from '../../services/worker/backends/gpu-facts.js';
import { nativeMemoryFailure } from '../../services/worker/backends/native-memory.js';
import { causeOf, isRetryable } from '../../services/worker/trainer/errors.js';
import { train } from '../../services/worker/trainer/train.js';
import type { TaskKinds } from '../../services/worker/trainer/trial.js';
import { toyKinds, toyTrial, toyWorkload } from '../helpers/toy-workload.js';

describe('the memory of WebAssembly', () => {
  interface Module {
    _malloc(bytes: number): number;
  }
  let module: Module;
  beforeAll(async () => {
    await openBackend('wasm');
    module = (tf.backend() as unknown as BackendWasm).wasm as unknown as Module;
  });
  afterAll(() => tf.disposeVariables());

  it('ends the trial with the sizes where it has no place for a tensor, and computes on', async () => {
    const before = tf.memory().numTensors;
    // More than an address of 32 bits reaches.
    expect(() => module._malloc(2 ** 32 - 2 ** 16)).toThrow(DeviceFailure);
    const error = ((): unknown => {
      try {
        return module._malloc(2 ** 32 - 2 ** 16);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(await causeOf(error, undefined)).toBe(error);
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY', retryable: false });
    expect((error as DeviceFailure).message).toMatch(/tensor of 4096 MiB .* has grown to \d+ MiB/);
    expect(isRetryable(error)).toBe(false);
    const sum = tf.tidy(() => tf.sum(tf.tensor1d([1, 2, 3])));
    expect(sum.dataSync()[0]).toBe(6);
    sum.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** The types of Node.js 20 leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: { trap(): void } };
};

describe('a trap in WebAssembly', () => {
  it('ends the trainer, and is no end of memory while there is memory left', async () => {
    await openBackend('wasm');
    const trap = ((): unknown => {
      // (module (func (export "trap") unreachable))
      const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0];
      const body = [10, 5, 1, 3, 0, 0, 11];
      const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([...bytes, ...body])));
      try {
        instance.exports.trap();
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    const cause = await causeOf(trap, undefined);
    expect(cause).toBeInstanceOf(DeviceFailure);
    expect(cause).toMatchObject({ code: 'WASM_TRAP', retryable: true });
    expect((cause as DeviceFailure).message).toMatch(/stopped with "unreachable" while its memory was [\d.]+ MiB/);
  });

  it('is told from the other errors', async () => {
    const error = new Error('memory access out of bounds');
    expect(await causeOf(error, undefined)).toBe(error);
  });
});

describe('a trial that does not fit into memory', () => {
  const config = toyTrial({
    weighting: { method: 'equal' },
    model: { name: 'hard-sharing', encoder: [4, 4], head: 4 },
    optimizer: { name: 'sgd' },
    epochs: 1,
  });

  const run = (kinds: TaskKinds): Promise<unknown> =>
    train(config, {
      workload: toyWorkload(8, 1),
      kinds,
      backend: 'wasm',
      say: () => undefined,
      signal: new AbortController().signal,
    });

  it('fails with the sizes, and the next one is trained', async () => {
    await openBackend('wasm');
    const tooMuch = 2 ** 30 - 2 ** 14;
    const loss: TaskKinds['depth']['loss'] = (predictions) =>
      tf.add(tf.mean(predictions), tf.mean(tf.fill([tooMuch], 0)));
    await expect(run({ ...toyKinds, depth: { ...toyKinds.depth, loss } })).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
    });
    expect(await run(toyKinds)).toBe('succeeded');
  });
});

describe('what TensorFlow says of memory', () => {
  it.each([
    {
      said:
        'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[32,128,256,64] and type float on ' +
        '/job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc',
      code: 'GPU_OUT_OF_MEMORY',
      message: 'The GPU has no memory left for a tensor of 256.0 MiB (32 × 128 × 256 × 64, float)',
    },
    {
      said:
        'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1024,1024] and type int64 on ' +
        '/job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu',
      code: 'OUT_OF_MEMORY',
      message: 'The machine has no memory left for a tensor of 8.0 MiB (1024 × 1024, int64)',
    },
    {
      said: 'Invalid TF_Status: 8\nMessage: failed to allocate memory',
      code: 'OUT_OF_MEMORY',
      message: 'The machine has no memory left: failed to allocate memory',
    },
  ])('becomes $code with the size: $message', async ({ said, code, message }) => {
    const error = await causeOf(new Error(said), undefined);
    expect(error).toBeInstanceOf(DeviceFailure);
    expect(error).toMatchObject({ code, message, retryable: true });
    expect((error as DeviceFailure).hint).toContain('SIGMASWEEP_SLOTS');
  });

  it('leaves other errors as they are', async () => {
    for (const said of ['Invalid TF_Status: 3\nMessage: Incompatible shapes: [2,3] vs. [4]', 'a room is full']) {
      const error = new Error(said);
      expect(nativeMemoryFailure(error)).toBeUndefined();
      expect(await causeOf(error, undefined)).toBe(error);
    }
  });
});

describe('the answer of nvidia-smi', () => {
  it.each([
    {
      what: 'one GPU',
      text: 'NVIDIA H100 80GB HBM3, 550.54.15, 81559\n',
      facts: { name: 'NVIDIA H100 80GB HBM3', driver: 'NVIDIA 550.54.15', memoryBytes: 81_559 * 2 ** 20 },
    },
    {
      what: 'the smaller of two',
      text: 'NVIDIA GeForce RTX 4090, 535.183.01, 24564\nTesla T4, 535.183.01, 15360\n',
      facts: { name: 'Tesla T4', driver: 'NVIDIA 535.183.01', memoryBytes: 15_360 * 2 ** 20 },
    },
    {
      what: 'one beside a slice whose memory it does not know',
      text: 'NVIDIA A100-SXM4-40GB MIG 1g.5gb, 525.85.12, [N/A]\nNVIDIA A100-SXM4-40GB, 525.85.12, 40960\n',
      facts: { name: 'NVIDIA A100-SXM4-40GB', driver: 'NVIDIA 525.85.12', memoryBytes: 40_960 * 2 ** 20 },
    },
    { what: 'no device', text: 'No devices were found\n', facts: undefined },
    {
      what: 'a driver that does not answer',
      text: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
      facts: undefined,
    },
    { what: 'nothing', text: '', facts: undefined },
  ])('is read: $what', ({ text, facts }) => {
    expect(parseNvidiaFacts(text)).toEqual(facts);
  });
});
