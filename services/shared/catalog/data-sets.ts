import { z } from 'zod';

/**
 * A folder under the data root, in parts of letters, digits, `.`, `_`, `-` and blanks; the worker checks that it is there
 * and that no link leads out of the root. The pattern is part of the JSON Schema.
 */
const folder = z
  .string()
  .max(300)
  .regex(/^(?!\.{1,2}(?:\/|$))[\w .-]+(?:\/(?!\.{1,2}(?:\/|$))[\w .-]+)*$/, 'must name a folder under the data root')
  .describe('Folder of the data set, under the data root of the worker (SIGMASWEEP_DATA).');

/** What is done with a file that cannot be used. */
const broken = z
  .enum(['skip', 'fail'])
  .default('skip')
  .describe(
    '`skip`: samples with a file that cannot be used are left out; the log names them and the page counts them. `fail`: the first one ends the trial.',
  );

const heldOut = {
  validationShare: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.1)
    .describe(
      'Share of the training samples held out as validation split. 0: the test split is the validation split too, as in much of the literature; then nothing may be chosen by it.',
    ),
  splitSeed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .default(1)
    .describe('Which samples are held out, the same for every trial.'),
};

const classCount = (fallback: number) =>
  z.int().min(2).max(255).default(fallback).describe('Number of classes; labels are 0 … classes − 1.');

const labelFolder = (fallback: string) =>
  z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be the name of a folder')
    .default(fallback)
    .describe('Folder of the labels, beside `image`, for example `label_7`.');

export const nyuv2Options = z.strictObject({
  folder: folder.default('nyuv2'),
  classes: classCount(13),
  labelFolder: labelFolder('label'),
  ...heldOut,
  broken,
});
export type Nyuv2Options = z.infer<typeof nyuv2Options>;

export const cityscapesArraysOptions = z.strictObject({
  folder: folder.default('cityscapes'),
  classes: classCount(7),
  labelFolder: labelFolder('label'),
  ...heldOut,
  broken,
});
export type CityscapesArraysOptions = z.infer<typeof cityscapesArraysOptions>;

export const cityscapesOptions = z.strictObject({
  folder: folder.default('cityscapes-raw'),
  classes: z
    .union([z.literal(19), z.literal(7)])
    .default(19)
    .describe('19: the classes that Cityscapes evaluates; 7: their categories. All else is ignored.'),
  height: z.int().min(16).max(1024).multipleOf(8).default(128).describe('Height to resize to, a multiple of 8.'),
  width: z.int().min(16).max(2048).multipleOf(8).default(256).describe('Width to resize to, a multiple of 8.'),
  ...heldOut,
  broken,
});
export type CityscapesOptions = z.infer<typeof cityscapesOptions>;
