import * as tf from '@tensorflow/tfjs-core';
import { fusedKernels } from '../services/worker/operations/fused-kernel.js';

/** What one kernel cost for inputs of the same shapes. */
export interface KernelCost {
  readonly kernel: string;
  /** Shapes of the inputs, and of the filter's or image's attribute where the kernel has one. */
  readonly shapes: string;
  readonly calls: number;
  /** Milliseconds of all calls, without the kernels that it called itself. */
  readonly milliseconds: number;
  /** Floating-point operations of all calls by definition, multiplication and addition counted each; 0 where not known. */
  readonly operations: number;
}

interface Cost {
  calls: number;
  milliseconds: number;
  operations: number;
}

/**
 * Runs `body` with every kernel of the current backend timed. Kernels must work synchronously, as those of wasm, cpu and
 * native TensorFlow on a CPU do; a GPU's would only show how long it takes to hand them over.
 */
export function profileKernels(body: () => void): KernelCost[] {
  const costs = new Map<string, Cost>();
  /** Time spent in the kernels that the running ones called, innermost last. */
  const inner: number[] = [];
  const originals = tf.getKernelsForBackend(tf.getBackend());
  for (const kernel of originals) {
    replace({
      kernelName: kernel.kernelName,
      backendName: kernel.backendName,
      kernelFunc: (call) => {
        const key = `${kernel.kernelName} ${shapesOf(call)}`;
        const started = performance.now();
        inner.push(0);
        const result = kernel.kernelFunc(call);
        const elapsed = performance.now() - started;
        const own = elapsed - (inner.pop() ?? 0);
        if (inner.length > 0) inner[inner.length - 1] = (inner[inner.length - 1] ?? 0) + elapsed;
        const cost = costs.get(key) ?? { calls: 0, milliseconds: 0, operations: 0 };
        cost.calls += 1;
        cost.milliseconds += own;
        cost.operations += inner.length > 0 ? 0 : operationsOf(kernel.kernelName, call);
        costs.set(key, cost);
        return result;
      },
    });
  }
  try {
    body();
  } finally {
    originals.forEach(replace);
  }
  return [...costs]
    .map(([key, cost]) => {
      const space = key.indexOf(' ');
      return { kernel: key.slice(0, space), shapes: key.slice(space + 1), ...cost };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

function replace(kernel: tf.KernelConfig): void {
  tf.unregisterKernel(kernel.kernelName, kernel.backendName);
  tf.registerKernel(kernel);
}

type Call = Parameters<tf.KernelFunc>[0];

function shapesOf({ inputs, attrs }: Call): string {
  const named = Object.entries(inputs).flatMap(([name, value]) => shapesOfInput(name, value));
  const { strides } = (attrs as { strides?: [number, number] | number } | undefined) ?? {};
  return [...named, ...(strides === undefined ? [] : [`stride ${[strides].flat().join('×')}`])].join(', ');
}

function shapesOfInput(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return [`${name} of ${value.length}`];
  const { shape } = value as Partial<tf.TensorInfo>;
  return shape === undefined ? [] : [`${name} ${shape.join('×')}`];
}

/** By definition; what a kernel saves or wastes on the way shows as a higher or lower speed. */
function operationsOf(kernel: string, { inputs, attrs }: Call): number {
  const shape = (name: string): number[] => inputs[name]?.shape ?? [];
  const product = (sides: readonly number[]): number => sides.reduce((a, b) => a * b, 1);
  const attribute = (name: string): number[] => (attrs as Record<string, unknown>)[name] as number[];
  switch (kernel) {
    case 'Conv2D':
    case 'FusedConv2D':
    case fusedKernels.convolution: {
      const [batch, height, width] = shape('x');
      const call = attrs as unknown as { strides: [number, number]; pad: 'same'; dimRoundingMode?: 'floor' };
      const filter = shape('filter') as [number, number, number, number];
      const { outHeight, outWidth } = tf.backend_util.computeConv2DInfo(
        [batch ?? 0, height ?? 0, width ?? 0, filter[2]],
        filter,
        call.strides,
        1,
        call.pad,
        call.dimRoundingMode,
      );
      return 2 * (batch ?? 0) * outHeight * outWidth * product(filter);
    }
    case 'Conv2DBackpropInput':
      return (2 * product(shape('filter')) * product(shape('dy'))) / (shape('dy')[3] ?? 1);
    case 'Conv2DBackpropFilter':
      return (2 * product(attribute('filterShape')) * product(shape('dy'))) / (shape('dy')[3] ?? 1);
    case 'BatchMatMul':
    case '_FusedMatMul': {
      const transposed = (attrs as unknown as { transposeB: boolean }).transposeB;
      return 2 * product(shape('a')) * (shape('b').at(transposed ? -2 : -1) ?? 1);
    }
    default:
      return 0;
  }
}
