import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { convGeometry, type ConvCall, type ConvGeometry } from './conv-geometry.js';
import { multiply, transpose } from './matrix.js';
import { writeShifted, type Planes } from './shifted-planes.js';
import { input, requireChannelsLast, withWorkspace, zeros, type HeapTensor, type Workspace } from './workspace.js';

interface Attributes extends ConvCall {
  readonly dataFormat: string;
  readonly filterShape: [number, number, number, number];
}

/** Floats of unrolled images held at once; more images than fit are taken one group after the other. */
const largestUnrolling = 4 * 1024 * 1024;

/**
 * Gradient of a convolution with respect to its filter, which the wasm backend lacks.
 *
 * y[n, p, q, o] = Σ x[n, p·s + i − top, q·s + j − left, c] · w[i, j, c, o], and therefore
 * dw[i, j, c, o] = Σₙₚᵩ x[n, p·s + i − top, q·s + j − left, c] · dy[n, p, q, o]:
 * a product of two matrices whose inner side runs over pixels. Either the input is unrolled, one row for each (i, j, c):
 * dw = rows(x) · dy. Or, where the output has far fewer channels and the stride is 1, the gradient is unrolled over the
 * input's pixels, one row for each (i, j, o): dw = rows(dy) · x. The backend's matrix kernel repacks its right side on
 * every call, which costs as much as hundreds of its products a number, so the large matrix always stands on the left.
 *
 * Inputs: x [n, h, w, c], dy [n, p, q, o]; result [i, j, c, o].
 */
export const conv2DBackpropFilter: KernelConfig = {
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend }) => {
    const attributes = attrs as unknown as Attributes;
    requireChannelsLast('Conv2DBackpropFilter', attributes.dataFormat);
    const x = input(inputs, 'x');
    const geometry = convGeometry(x.shape, attributes.filterShape, attributes);
    return withWorkspace(backend, (workspace) => {
      const result = zeros(workspace, attributes.filterShape);
      const unrollGradient = isCheaperToUnrollGradient(geometry);
      const group = imagesAtOnce(geometry, unrollGradient);
      for (let first = 0; first < geometry.batch; first += group) {
        const images = Math.min(group, geometry.batch - first);
        const xPart = takeImages(workspace, workspace.borrow(x), first, images);
        const dyPart = takeImages(workspace, workspace.borrow(input(inputs, 'dy')), first, images);
        if (unrollGradient) addFromGradient(workspace, xPart, dyPart, images, geometry, result);
        else addFromInput(workspace, xPart, dyPart, images, geometry, result);
      }
      return workspace.finish(result, attributes.filterShape);
    });
  },
};

/** Measured: unrolling the gradient has shorter rows to copy and the larger matrix to repack; a quarter is about even. */
function isCheaperToUnrollGradient({ strideHeight, strideWidth, inChannels, outChannels }: ConvGeometry): boolean {
  return strideHeight === 1 && strideWidth === 1 && 4 * outChannels <= inChannels;
}

function imagesAtOnce(geometry: ConvGeometry, unrollGradient: boolean): number {
  const { filterHeight, filterWidth, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = geometry;
  const unrolled = unrollGradient ? inHeight * inWidth * outChannels : outHeight * outWidth * inChannels;
  return Math.max(1, Math.floor(largestUnrolling / (unrolled * filterHeight * filterWidth)));
}

/** Some images of a batch; the whole batch is used in place. */
function takeImages(workspace: Workspace, tensor: HeapTensor, first: number, images: number): HeapTensor {
  const { shape } = tensor.info;
  if (images === shape[0]) return tensor;
  const begin = [first, ...shape.slice(1).map(() => 0)];
  return workspace.run('Slice', { x: tensor.info }, { begin, size: [images, ...shape.slice(1)] });
}

function addFromInput(
  workspace: Workspace,
  x: HeapTensor,
  dy: HeapTensor,
  images: number,
  geometry: ConvGeometry,
  result: HeapTensor,
): void {
  const { inChannels, outChannels, outHeight, outWidth, filterHeight, filterWidth, top, left } = geometry;
  const pixels = images * outHeight * outWidth;
  const taps = filterHeight * filterWidth * inChannels;
  // With the images of a batch innermost, rows are copied in runs of many numbers.
  const source = workspace.run('Transpose', { x: withImages(x, images) }, { perm: [3, 1, 2, 0] });
  const gradient = workspace.run('Transpose', { x: withImages(dy, images) }, { perm: [1, 2, 0, 3] });
  const rows = workspace.allocate([taps, pixels]);
  const planes: Planes = {
    count: inChannels,
    source: { height: geometry.inHeight, width: geometry.inWidth },
    target: { height: outHeight, width: outWidth },
    stride: { height: geometry.strideHeight, width: geometry.strideWidth },
    depth: images,
  };
  let heap = workspace.floats();
  let to = rows.start;
  for (let i = 0; i < filterHeight; i += 1) {
    for (let j = 0; j < filterWidth; j += 1) {
      to = writeShifted(heap, source.start, to, planes, i - top, j - left);
    }
  }
  const product = multiply(workspace, rows, gradient, taps, pixels, outChannels);
  heap = workspace.floats();
  for (let k = 0; k < taps * outChannels; k += 1) {
    heap[result.start + k] = (heap[result.start + k] as number) + (heap[product.start + k] as number);
  }
  for (const used of [source, gradient, rows, product]) workspace.free(used);
}

function addFromGradient(
  workspace: Workspace,
  x: HeapTensor,
  dy: HeapTensor,
  images: number,
  geometry: ConvGeometry,
  result: HeapTensor,
): void {
  const { inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = geometry;
  const { filterHeight, filterWidth, top, left } = geometry;
  const pixels = images * inHeight * inWidth;
  const source = transpose(workspace, dy, images * outHeight * outWidth, outChannels);
  const rows = workspace.allocate([filterHeight * filterWidth * outChannels, pixels]);
  const planes: Planes = {
    count: outChannels * images,
    source: { height: outHeight, width: outWidth },
    target: { height: inHeight, width: inWidth },
    stride: { height: 1, width: 1 },
    depth: 1,
  };
  let heap = workspace.floats();
  let to = rows.start;
  for (let i = 0; i < filterHeight; i += 1) {
    for (let j = 0; j < filterWidth; j += 1) {
      to = writeShifted(heap, source.start, to, planes, top - i, left - j);
    }
  }
  const product = multiply(workspace, rows, x, filterHeight * filterWidth * outChannels, pixels, inChannels);
  heap = workspace.floats();
  for (let place = 0; place < filterHeight * filterWidth; place += 1) {
    const block = place * outChannels * inChannels;
    for (let c = 0; c < inChannels; c += 1) {
      for (let o = 0; o < outChannels; o += 1) {
        const at = result.start + block + c * outChannels + o;
        heap[at] = (heap[at] as number) + (heap[product.start + block + o * inChannels + c] as number);
      }
    }
  }
  for (const used of [source, rows, product]) workspace.free(used);
}

function withImages(tensor: HeapTensor, images: number): TensorInfo {
  return { ...tensor.info, shape: [images, ...tensor.info.shape.slice(1)] };
}
