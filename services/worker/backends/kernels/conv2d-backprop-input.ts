import type { KernelConfig } from '@tensorflow/tfjs-core';
import { convGeometry, type ConvCall, type ConvGeometry } from './conv-geometry.js';
import { padImages, wholePanels, type PaddedImages } from './padded-image.js';
import { suitsWinograd, winogradConvolution } from './winograd.js';
import { input, requireChannelsLast, withWorkspace, zeros, type HeapTensor, type Workspace } from './workspace.js';

interface Attributes extends ConvCall {
  readonly dataFormat: string;
  readonly inputShape: [number, number, number, number];
}

/** One axis of one phase: its filter places, the input places it covers, and what of the gradient it needs for them. */
interface PhaseAxis {
  /** First filter place; the others follow at distance `stride`. */
  readonly firstTap: number;
  readonly taps: number;
  /** First input place and how many; they too are `stride` apart. */
  readonly firstPlace: number;
  readonly places: number;
  /** The gradient's place under the first tap for the first input place; negative = in the zeros before the gradient. */
  readonly from: number;
  /** The gradient's last place that is needed; past its end = in the zeros after it. */
  readonly to: number;
}

/**
 * Gradient of a convolution with respect to its input; replaces the wasm backend's own, which is a plain loop.
 *
 * dx[n, y, x, c] = Σ dy[n, p, q, o] · w[i, j, c, o] over all p·s + i − top = y, q·s + j − left = x. Write
 * y + top = s·u + r with 0 ≤ r < s: only filter rows i = r + s·m contribute, from p = u − m. So the places of each
 * remainder r (a "phase"; likewise along the width) are a plain stride-1 convolution of dy with every s-th filter row,
 * rotated by half a turn and with its channels swapped, whose results are written s apart. No multiplication with
 * inserted zeros is spent, as a single convolution over a widened dy would (4 times the work at stride 2).
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
    const { inHeight, inWidth, outHeight, outWidth } = geometry;
    if (suitsWinograd(geometry)) {
      return withWorkspace(backend, (workspace) => {
        const dx = workspace.allocate(attributes.inputShape);
        convolveTurned(workspace, workspace.borrow(input(inputs, 'dy')), workspace.borrow(filter), dx, geometry);
        return workspace.finish(dx, attributes.inputShape);
      });
    }
    const rows = phases(inHeight, geometry.filterHeight, geometry.strideHeight, geometry.top);
    const columns = phases(inWidth, geometry.filterWidth, geometry.strideWidth, geometry.left);
    const coversAll = placesOf(rows) === inHeight && placesOf(columns) === inWidth;
    return withWorkspace(backend, (workspace) => {
      const dx = coversAll ? workspace.allocate(attributes.inputShape) : zeros(workspace, attributes.inputShape);
      const padding = {
        top: Math.max(0, ...rows.map(({ from }) => -from)),
        bottom: Math.max(0, ...rows.map(({ to }) => to - (outHeight - 1))),
        left: Math.max(0, ...columns.map(({ from }) => -from)),
        right: Math.max(0, ...columns.map(({ to }) => to - (outWidth - 1))),
      };
      const dy = padImages(workspace, workspace.borrow(input(inputs, 'dy')), padding);
      const noBias = zeros(workspace, [wholePanels(geometry.inChannels)]);
      for (const row of rows) {
        for (const column of columns) {
          const at = { ...dy, firstRow: padding.top + row.from, firstColumn: padding.left + column.from };
          convolvePhase(workspace, at, workspace.borrow(filter), noBias, dx, row, column, geometry);
        }
      }
      return workspace.finish(dx, attributes.inputShape);
    });
  },
};

/** With stride 1 the gradient is one convolution, of dy with the turned filter. */
function convolveTurned(
  workspace: Workspace,
  dy: HeapTensor,
  filter: HeapTensor,
  dx: HeapTensor,
  { inChannels, outChannels, filterHeight, filterWidth, top, left }: ConvGeometry,
): void {
  const packed = workspace.allocate([filterHeight * filterWidth * outChannels, wholePanels(inChannels)]);
  workspace.simd.packTurnedFilter(
    filter.address,
    packed.address,
    filterWidth,
    inChannels,
    outChannels,
    0,
    0,
    1,
    1,
    filterHeight,
    filterWidth,
  );
  const bias = zeros(workspace, [wholePanels(inChannels)]);
  const frame = { top: filterHeight - 1 - top, left: filterWidth - 1 - left };
  winogradConvolution(workspace, { x: dy, ...frame, packed, bias, y: dx, relu: false });
}

/** The phases of one axis that have a filter place and an input place; those without keep the gradient 0. */
function phases(inSize: number, filterSize: number, stride: number, pad: number): PhaseAxis[] {
  return Array.from({ length: Math.min(stride, filterSize) }, (_, remainder) => {
    const taps = Math.ceil((filterSize - remainder) / stride);
    const firstUnit = Math.ceil((pad - remainder) / stride);
    const lastUnit = Math.floor((inSize - 1 + pad - remainder) / stride);
    return {
      firstTap: remainder,
      taps,
      firstPlace: firstUnit * stride + remainder - pad,
      places: lastUnit - firstUnit + 1,
      from: firstUnit - (taps - 1),
      to: lastUnit,
    };
  }).filter(({ places }) => places > 0);
}

function placesOf(axis: readonly PhaseAxis[]): number {
  return axis.reduce((sum, { places }) => sum + places, 0);
}

function convolvePhase(
  workspace: Workspace,
  dy: PaddedImages & { readonly firstRow: number; readonly firstColumn: number },
  filter: HeapTensor,
  bias: HeapTensor,
  dx: HeapTensor,
  rows: PhaseAxis,
  columns: PhaseAxis,
  geometry: ConvGeometry,
): void {
  const { batch, inHeight, inWidth, inChannels, outChannels, filterWidth, strideHeight, strideWidth } = geometry;
  const run = columns.taps * outChannels;
  const packed = workspace.allocate([rows.taps * run, wholePanels(inChannels)]);
  workspace.simd.packTurnedFilter(
    filter.address,
    packed.address,
    filterWidth,
    inChannels,
    outChannels,
    rows.firstTap,
    columns.firstTap,
    strideHeight,
    strideWidth,
    rows.taps,
    columns.taps,
  );
  const row = dy.width * outChannels;
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  workspace.simd.convolve(
    dy.address + bytes * (dy.firstRow * row + dy.firstColumn * outChannels),
    packed.address,
    bias.address,
    dx.address + bytes * (rows.firstPlace * inWidth + columns.firstPlace) * inChannels,
    batch,
    rows.places,
    columns.places,
    dy.height * row,
    row,
    outChannels,
    rows.taps,
    row,
    run,
    inChannels,
    inHeight * inWidth * inChannels,
    strideHeight * inWidth * inChannels,
    strideWidth * inChannels,
    0,
  );
  workspace.free(packed);
}
