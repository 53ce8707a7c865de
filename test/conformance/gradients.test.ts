import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../services/worker/trainer/register-gradients.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import type { BackendName } from '../../services/worker/backends/candidate.js';
import { expectRightGradient, gradientCases } from '../helpers/gradient-cases.js';
import { everything } from '../helpers/tiers.js';
import { cases, inputsOf, type Case } from './cases.js';
import { sizeOf, type Plain } from './plain.js';

/**
 * Every operation of training on every backend, against the same operation in double precision: results directly,
 * gradients by central finite differences. No backend is the reference for another.
 */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (existsSync(swiftShader)) process.env['VK_DRIVER_FILES'] ??= swiftShader;

const halfStep = 1e-5;
/** Single precision, with the rounding of the sums of the cases. */
const tolerance = 3e-5;

/** Central differences of Σ g · f(…inputs) by one of the inputs. */
function derivatives({ plain }: Case, inputs: readonly Plain[], by: number, g: Float64Array): Float64Array {
  const { values } = inputs[by] as Plain;
  const weighted = (): number => plain(...inputs).values.reduce((sum, value, i) => sum + value * (g[i] as number), 0);
  return values.map((value, place) => {
    values[place] = value + halfStep;
    const above = weighted();
    values[place] = value - halfStep;
    const below = weighted();
    values[place] = value;
    return (above - below) / (2 * halfStep);
  });
}

function expectClose(found: ArrayLike<number>, expected: Float64Array, what: string): void {
  expect(found.length, what).toBe(expected.length);
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] as number))), 0);
  const close = worst <= tolerance * scale;
  const both = close
    ? ''
    : ` found ${Array.from(found).slice(0, 12).join(', ')}; expected ${expected.slice(0, 12).join(', ')}`;
  expect(close, `${what} is off by ${worst}:${both}`).toBe(true);
}

interface Expected {
  readonly output: Plain;
  /** Of the sum of `weights` × output, by each input. */
  readonly gradients: readonly Float64Array[];
  readonly weights: Float64Array;
}

/** The same for each backend, and slow. */
const known = new WeakMap<Case, Expected>();

function expectedOf(test: Case, inputs: readonly Plain[]): Expected {
  const found = known.get(test);
  if (found !== undefined) return found;
  const output = test.plain(...inputs);
  const weights = Float64Array.from({ length: sizeOf(output.shape) }, (_, i) => Math.fround(Math.sin(3 * i + 1)));
  const gradients = test.forwardOnly === true ? [] : inputs.map((_, by) => derivatives(test, inputs, by, weights));
  const expected = { output, gradients, weights };
  known.set(test, expected);
  return expected;
}

async function check(test: Case): Promise<void> {
  const inputs = inputsOf(test);
  const tensors = inputs.map(({ shape, values }) => tf.tensor(Float32Array.from(values), [...shape]));
  const output = tf.tidy(() => test.tensors(...tensors));
  const expected = expectedOf(test, inputs);
  expect(output.shape).toEqual(expected.output.shape);
  expectClose(await output.data(), expected.output.values, 'the result');
  if (test.forwardOnly !== true) {
    const dy = tf.tensor(Float32Array.from(expected.weights), [...expected.output.shape]);
    const gradients = tf.tidy(() => tf.grads(test.tensors)(tensors, dy));
    for (const [by, gradient] of gradients.entries()) {
      const wanted = expected.gradients[by] ?? new Float64Array();
      expectClose(await gradient.data(), wanted, `the gradient by input ${by}`);
    }
    tf.dispose([dy, gradients]);
  }
  tf.dispose([output, tensors]);
}

// The plain JavaScript backend trains nothing unless it is asked for.
const backends: BackendName[] = ['wasm', 'webgpu-software', 'webgpu', 'tfjs-node', 'tfjs-node-gpu'];
if (everything) backends.push('cpu');
const openable = new Map<BackendName, string | undefined>();
for (const name of backends) {
  const why = await openBackend(name).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  openable.set(name, why);
}

describe.each(backends)('operations of training on %s', (name) => {
  const why = openable.get(name);
  if (why !== undefined && name !== 'wasm' && name !== 'cpu') {
    it.skip(`not on this machine: ${why}`, () => undefined);
    return;
  }

  beforeAll(async () => {
    await openBackend(name);
    // Small tensors would be computed on the processor; here the GPU's kernels are meant.
    if (name.startsWith('webgpu')) tf.env().set('WEBGPU_CPU_FORWARD', false);
  });

  it.each(cases)('$name', check);
  it.each(gradientCases)('$name, of this project', expectRightGradient);
});
