import type { ConvGeometry } from './conv-geometry.js';
import { padImages, wholePanels } from './padded-image.js';
import { zeros, type HeapTensor, type Workspace } from './workspace.js';

/** Points at which a tile of 2×2 results is taken apart; see `simd/assembly/winograd.ts`. */
const points = 16;
/** Floats of a tile's numbers, at all points, that stay in the second cache beside the filter. */
const blockFloats = 64 * 1024;
const leastBlock = 16;
const lanes = 4;

/**
 * With fewer channels on a side, taking images apart and putting results together costs more than is saved.
 * Measured: 12 → 24 channels gain nothing, 24 → 24 a third.
 */
const leastChannels = 16;

/** Whether a convolution of so many inputs and outputs, or a gradient of it, is faster this way. */
export function suitsWinograd(geometry: ConvGeometry): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  const { inChannels, outChannels, top, left } = geometry;
  return (
    // Wider padding would have the input's gradient begin inside of dy.
    [top, left].every((rows) => rows < filterHeight) &&
    [filterHeight, filterWidth].every((side) => side === 3) &&
    [strideHeight, strideWidth, dilationHeight, dilationWidth].every((step) => step === 1) &&
    [inChannels, outChannels].every((channels) => channels >= leastChannels && channels % lanes === 0)
  );
}

/** Tiles taken at once, so that their numbers stay in cache. */
function blockOf(inputs: number, outputs: number): number {
  return Math.max(leastBlock, Math.floor(blockFloats / (points * (inputs + outputs))));
}

/** A convolution that `winogradConvolution` computes. */
export interface WinogradCall {
  /** [batch, height, width, inputs] */
  readonly x: HeapTensor;
  /** Zero rows above and zero columns left of the images. */
  readonly top: number;
  readonly left: number;
  /** [panels][9][inputs][8], as `packFilter` and `packTurnedFilter` write it. */
  readonly packed: HeapTensor;
  /** Padded with zeros to whole panels. */
  readonly bias: HeapTensor;
  readonly y: HeapTensor;
  readonly relu: boolean;
}

/** A 3×3 convolution with stride 1; the size of `y` says how far it goes. */
export function winogradConvolution(workspace: Workspace, { x, top, left, packed, bias, y, relu }: WinogradCall): void {
  const { simd } = workspace;
  const [images = 0, rows = 0, columns = 0, outputs = 0] = y.info.shape;
  const inputs = x.info.shape[3] ?? 0;
  const panels = wholePanels(outputs);
  const image = padToTiles(workspace, x, { top, left, rows, columns, frame: 2 });
  const filter = workspace.allocate([points, inputs, panels]);
  simd.winogradFilter(packed.address, filter.address, panels / 8, inputs);
  const block = blockOf(inputs, outputs);
  const v = workspace.allocate([points, block, inputs]);
  const m = workspace.allocate([points, block, panels]);
  simd.winogradConvolve(
    image.address,
    filter.address,
    bias.address,
    y.address,
    zeros(workspace, [panels]).address,
    v.address,
    m.address,
    images,
    rows,
    columns,
    image.height * image.width * inputs,
    image.width * inputs,
    inputs,
    outputs,
    block,
    relu ? 1 : 0,
  );
}

/**
 * The gradient of such a convolution with respect to its filter.
 * @returns [3, 3, inputs, outputs]
 */
export function winogradFilterGradient(
  workspace: Workspace,
  x: HeapTensor,
  dy: HeapTensor,
  { top, left }: { readonly top: number; readonly left: number },
): HeapTensor {
  const { simd } = workspace;
  const [images = 0, rows = 0, columns = 0, outputs = 0] = dy.info.shape;
  const inputs = x.info.shape[3] ?? 0;
  const image = padToTiles(workspace, x, { top, left, rows, columns, frame: 2 });
  const gradient = padToTiles(workspace, dy, { top: 0, left: 0, rows, columns, frame: 0 });
  const block = blockOf(inputs, outputs);
  const sums = zeros(workspace, [points, inputs, outputs]);
  simd.winogradFilterGradient(
    image.address,
    gradient.address,
    workspace.allocate([points, block, inputs]).address,
    workspace.allocate([points, block, outputs]).address,
    sums.address,
    images,
    Math.ceil(rows / 2),
    Math.ceil(columns / 2),
    image.height * image.width * inputs,
    image.width * inputs,
    inputs,
    outputs,
    block,
  );
  const dw = workspace.allocate([3, 3, inputs, outputs]);
  simd.winogradFilterSum(sums.address, dw.address, inputs * outputs);
  return dw;
}

/** Pads images so that whole tiles of rows × columns results, and `frame` more, lie inside. */
function padToTiles(
  workspace: Workspace,
  images: HeapTensor,
  { top, left, rows, columns, frame }: Readonly<Record<'top' | 'left' | 'rows' | 'columns' | 'frame', number>>,
): ReturnType<typeof padImages> {
  const [, height = 0, width = 0] = images.info.shape;
  return padImages(workspace, images, {
    top,
    left,
    bottom: Math.max(0, 2 * Math.ceil(rows / 2) + frame - top - height),
    right: Math.max(0, 2 * Math.ceil(columns / 2) + frame - left - width),
  });
}
