import { backend_util } from '@tensorflow/tfjs-core';

/** Shapes of a convolution and of its gradients, channels last. */
export interface ConvGeometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  /** Zero rows above and zero columns left of the image. */
  readonly top: number;
  readonly left: number;
}

/** How a convolution was called; names are those of TensorFlow.js's kernel attributes. */
export interface ConvCall {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | undefined;
  readonly dilations?: [number, number] | number | undefined;
}

/**
 * @param inputShape [batch, height, width, channels]
 * @param filterShape [height, width, in channels, out channels or, for a depthwise convolution, multiplier]
 */
export function convGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  call: ConvCall,
  depthwise = false,
): ConvGeometry {
  const info = backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    call.strides,
    call.dilations ?? 1,
    call.pad,
    call.dimRoundingMode,
    depthwise,
  );
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

/** The zeros around an image that a convolution's filter meets: those of its padding that any place of it reaches. */
export function reach(geometry: ConvGeometry): { top: number; bottom: number; left: number; right: number } {
  const { inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, top, left } = geometry;
  return {
    top,
    bottom: Math.max(0, (outHeight - 1) * geometry.strideHeight + filterHeight - top - inHeight),
    left,
    right: Math.max(0, (outWidth - 1) * geometry.strideWidth + filterWidth - left - inWidth),
  };
}
