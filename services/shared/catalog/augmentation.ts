import { z } from 'zod';

/**
 * How training samples are changed at random each time that they are trained on. Without an option of it nothing of that
 * kind is changed.
 */
export const augmentOption = z
  .strictObject({
    flip: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Probability with which a picture is mirrored, left to right; 0.5 is usual, 0 never.'),
    scale: z
      .number()
      .min(1)
      .max(4)
      .default(1)
      .describe(
        'Largest enlargement: a part of the picture, anywhere in it, is enlarged to the whole by 1 to this factor.',
      ),
    colour: z
      .number()
      .min(0)
      .max(0.9)
      .default(0)
      .describe('Brightness, contrast and saturation are each multiplied by 1 − this to 1 + this.'),
  })
  .optional()
  .describe('Random changes of the training pictures, and of their targets with them; docs/data.md explains them.');

export type Augmentation = NonNullable<z.output<typeof augmentOption>>;

/** The augmentation that a trial's stored `data` asks for; undefined for none. */
export function augmentationOf(data: Readonly<Record<string, unknown>>): Augmentation | undefined {
  return augmentOption.parse(data['augment']);
}
