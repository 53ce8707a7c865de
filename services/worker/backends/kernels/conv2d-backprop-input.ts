import type { KernelConfig } from '@tensorflow/tfjs-core';
import { convGeometry, type ConvCall, type ConvGeometry } from './conv-geometry.js';
import { copyFloats } from './shifted-planes.js';
import { input, requireChannelsLast, withWorkspace, zeros, type HeapTensor, type Workspace } from './workspace.js';

interface Attributes extends ConvCall {
  readonly dataFormat: string;
  readonly inputShape: [number, number, number, number];
}

/** One axis of one phase: which input places it covers and how the gradient must be padded to reach them. */
interface PhaseAxis {
  /** First filter place of the phase; the others follow at distance `stride`. */
  readonly firstTap: number;
  readonly taps: number;
  /** Zeros before and after the gradient; their convolution covers the phase's places, and may cover some more. */
  readonly before: number;
  readonly after: number;
  /** First input place, how many, and which row of the convolution's result is the first of them. */
  readonly firstPlace: number;
  readonly places: number;
  readonly firstRow: number;
}

/**
 * Gradient of a convolution with respect to its input; replaces the wasm backend's own, which is a plain loop.
 *
 * dx[n, y, x, c] = Σ dy[n, p, q, o] · w[i, j, c, o] over all p·s + i − top = y, q·s + j − left = x. Write
 * y + top = s·u + r with 0 ≤ r < s: only filter rows i = r + s·m contribute, from p = u − m. So the places of each
 * remainder r (a "phase"; likewise along the width) are a plain stride-1 convolution of dy with every s-th filter row,
 * rotated by half a turn and with its channels swapped. No multiplication with inserted zeros is spent, as a
 * single convolution over a widened dy would (4 times the work at stride 2).
 *
 * Inputs: dy [n, p, q, o], filter [i, j, c, o]; result [n, y, x, c].
 */
export const conv2DBackpropInput: KernelConfig = {
  kernelName: 'Conv2DBackpropInput',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const attributes = attrs as unknown as Attributes;
    requireChannelsLast('Conv2DBackpropInput', attributes.dataFormat);
    const filter = input(inputs, 'filter');
    const geometry = convGeometry(attributes.inputShape, filter.shape, attributes);
    const { inHeight, inWidth, strideHeight, strideWidth } = geometry;
    const rows = phases(inHeight, geometry.outHeight, geometry.filterHeight, strideHeight, geometry.top);
    const columns = phases(inWidth, geometry.outWidth, geometry.filterWidth, strideWidth, geometry.left);
    return withWorkspace(backend, (workspace) => {
      const dy = workspace.borrow(input(inputs, 'dy'));
      const pairs = rows.flatMap((row) => columns.map((column) => ({ row, column })));
      let result: HeapTensor | undefined;
      for (const { row, column } of pairs) {
        const part = convolvePhase(workspace, dy, workspace.borrow(filter), row, column, geometry);
        const [, height = 0, width = 0] = part.info.shape;
        if (isExactly(row, height, inHeight) && isExactly(column, width, inWidth))
          return workspace.finish(part, attributes.inputShape);
        result ??= zeros(workspace, attributes.inputShape);
        scatterPhase(workspace.floats(), part, result, row, column, geometry);
        workspace.free(part);
      }
      return workspace.finish(result ?? zeros(workspace, attributes.inputShape), attributes.inputShape);
    });
  },
};

/** The phases of one axis that have a filter place and an input place; those without keep the gradient 0. */
function phases(inSize: number, outSize: number, filterSize: number, stride: number, pad: number): PhaseAxis[] {
  return Array.from({ length: Math.min(stride, filterSize) }, (_, remainder) => {
    const taps = Math.ceil((filterSize - remainder) / stride);
    const firstUnit = Math.ceil((pad - remainder) / stride);
    const lastUnit = Math.floor((inSize - 1 + pad - remainder) / stride);
    const before = Math.max(0, taps - 1 - firstUnit);
    return {
      firstTap: remainder,
      taps,
      before,
      after: Math.max(0, lastUnit - (outSize - 1)),
      firstPlace: firstUnit * stride + remainder - pad,
      places: lastUnit - firstUnit + 1,
      firstRow: firstUnit - (taps - 1) + before,
    };
  }).filter(({ places }) => places > 0);
}

/** Whether a phase's convolution is the gradient along this axis as it stands: nothing to drop, nothing in between. */
function isExactly(axis: PhaseAxis, convolved: number, inSize: number): boolean {
  return axis.firstRow === 0 && axis.places === inSize && convolved === inSize;
}

function convolvePhase(
  workspace: Workspace,
  dy: HeapTensor,
  filter: HeapTensor,
  rows: PhaseAxis,
  columns: PhaseAxis,
  geometry: ConvGeometry,
): HeapTensor {
  const { inChannels, outChannels, strideHeight, strideWidth, filterWidth } = geometry;
  const turned = workspace.allocate([rows.taps, columns.taps, outChannels, inChannels]);
  const heap = workspace.floats();
  let to = turned.start;
  for (let m = rows.taps - 1; m >= 0; m -= 1) {
    for (let k = columns.taps - 1; k >= 0; k -= 1) {
      const place = (rows.firstTap + m * strideHeight) * filterWidth + columns.firstTap + k * strideWidth;
      const from = filter.start + place * inChannels * outChannels;
      for (let o = 0; o < outChannels; o += 1) {
        for (let c = 0; c < inChannels; c += 1, to += 1) heap[to] = heap[from + c * outChannels + o] as number;
      }
    }
  }
  const pad = [
    [0, 0],
    [rows.before, rows.after],
    [columns.before, columns.after],
    [0, 0],
  ];
  const attributes = { strides: [1, 1], dilations: [1, 1], pad, dataFormat: 'NHWC', dimRoundingMode: 'floor' };
  const part = workspace.run('Conv2D', { x: dy.info, filter: turned.info }, attributes);
  workspace.free(turned);
  return part;
}

/** Puts a phase's pixels where they belong, `stride` apart. Rows past the convolution's end have gradient 0. */
function scatterPhase(
  heap: Float32Array,
  part: HeapTensor,
  result: HeapTensor,
  rows: PhaseAxis,
  columns: PhaseAxis,
  geometry: ConvGeometry,
): void {
  const { batch, inHeight, inWidth, inChannels, strideHeight, strideWidth } = geometry;
  const [, height = 0, width = 0] = part.info.shape;
  for (let n = 0; n < batch; n += 1) {
    for (let row = 0; row < rows.places; row += 1) {
      const y = rows.firstPlace + row * strideHeight;
      const from = part.start + ((n * height + row + rows.firstRow) * width + columns.firstRow) * inChannels;
      const to = result.start + ((n * inHeight + y) * inWidth + columns.firstPlace) * inChannels;
      for (let column = 0; column < columns.places; column += 1) {
        const pixel = from + column * inChannels;
        copyFloats(heap, pixel, to + column * strideWidth * inChannels, inChannels);
      }
    }
  }
}
