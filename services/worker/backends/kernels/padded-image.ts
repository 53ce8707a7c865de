import type { HeapTensor, Workspace } from './workspace.js';

/** Zero rows and columns around an image. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Images that hold their own padding. */
export interface PaddedImages {
  readonly address: number;
  readonly height: number;
  readonly width: number;
}

/** Copies images into a frame of zeros; without padding they are used in place. */
export function padImages(workspace: Workspace, images: HeapTensor, padding: Padding): PaddedImages {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.info.shape;
  const { top, bottom, left, right } = padding;
  if (top + bottom + left + right === 0) return { address: images.address, height, width };
  const padded = { height: top + height + bottom, width: left + width + right };
  const { address } = workspace.allocate([batch, padded.height, padded.width, channels]);
  workspace.simd.padImages(
    images.address,
    address,
    batch,
    height,
    width * channels,
    top,
    bottom,
    left * channels,
    right * channels,
  );
  return { address, ...padded };
}

/** Numbers side by side that a panel of packed filters holds. */
const panelOutputs = 8;

/** Outputs filled up to whole panels. */
export function wholePanels(outputs: number): number {
  return Math.ceil(outputs / panelOutputs) * panelOutputs;
}
