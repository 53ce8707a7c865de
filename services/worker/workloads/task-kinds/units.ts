/**
 * A regression head's output 1 means 1/64 of the image's width, so that outputs are of the order of 1 and loss weights
 * found at one image size can be used at another. Targets and metrics are in px; at a width of 64 both are the same.
 */
export const outputUnitsPerWidth = 64;

/** Pixels that an output of 1 stands for. */
export function pixelsPerOutput(width: number): number {
  return width / outputUnitsPerWidth;
}
