import { z } from 'zod';
import { augmentOption } from './augmentation.js';

/**
 * A folder under the data root, in parts of letters, digits, `.`, `_`, `-` and blanks; the worker checks that it is there
 * and that no link leads out of the root. The pattern is part of the JSON Schema.
 */
const folder = z
  .string()
  .max(300)
  .regex(/^(?!\.{1,2}(?:\/|$))[\w .-]+(?:\/(?!\.{1,2}(?:\/|$))[\w .-]+)*$/, 'must name a folder under the data root')
  .describe('Folder of the data set, under the data root of the worker (SIGMASWEEP_DATA).');

/** Names that mean something else beside tasks: groups of parameters, the whole trial, the field of a sample. */
export const takenNames = ['encoder', 'weighting', 'trial', 'image'];

/** A task that the spec declares, because what is predicted is said by the data and not by the software. */
const declaredTask = z.strictObject({
  kind: z
    .enum(['classification', 'multi-label', 'regression'])
    .default('classification')
    .describe(
      '`classification`: one of several classes. `multi-label`: any of several labels, written `a|b`. `regression`: a number.',
    ),
  label: z.string().min(1).max(100).optional().describe('Shown in tables and charts; the name if left out.'),
});

export const taskName = z
  .string()
  .regex(/^[A-Za-z][\w-]{0,39}$/, 'must begin with a letter and hold letters, digits, _ and - only, 40 at most');

/** What is done with a file that cannot be used. */
export const brokenOption = z
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
  broken: brokenOption,
  augment: augmentOption,
});
export type Nyuv2Options = z.infer<typeof nyuv2Options>;

export const cityscapesArraysOptions = z.strictObject({
  folder: folder.default('cityscapes'),
  classes: classCount(7),
  labelFolder: labelFolder('label'),
  ...heldOut,
  broken: brokenOption,
  augment: augmentOption,
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
  broken: brokenOption,
  augment: augmentOption,
});
export type CityscapesOptions = z.infer<typeof cityscapesOptions>;

const splitShare = z.number().min(0.01).max(0.9);

export const imageFolderOptions = z.strictObject({
  folder: folder.default('images'),
  tasks: z
    .record(taskName, declaredTask)
    .refine((tasks) => Object.keys(tasks).length > 0, 'must not be empty')
    .refine((tasks) => Object.keys(tasks).length <= 16, 'must have at most 16 tasks')
    .refine(
      (tasks) => !takenNames.some((name) => Object.hasOwn(tasks, name)),
      `must not have a task named ${takenNames.join(', ')}`,
    )
    .describe('What is said of each picture, by name: parts of the folder’s name, or columns of the table.'),
  folderName: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .describe(
      'How the folder that a picture lies in says its labels, such as `{colour}_{category}` for `red_dress`. Left out: with one task, the whole name is its label.',
    ),
  csv: z
    .string()
    .regex(/^[\w .-]{1,200}$/, 'must be the name of a file in the folder')
    .optional()
    .describe(
      'A table in the folder with a column `path`, one column for each task, and perhaps `split`. Left out: the folder that a picture lies in says its labels (`folderName`).',
    ),
  height: z.int().min(16).max(1024).multipleOf(8).default(64).describe('Height to resize to, a multiple of 8.'),
  width: z.int().min(16).max(1024).multipleOf(8).default(64).describe('Width to resize to, a multiple of 8.'),
  fit: z
    .enum(['stretch', 'crop'])
    .default('stretch')
    .describe('`stretch`: the whole picture in another shape. `crop`: its middle in its own.'),
  testShare: splitShare.default(0.2).describe('Share of the pictures held out as test split, where none is named.'),
  validationShare: splitShare
    .default(0.1)
    .describe('Share of the other pictures held out as validation split, where none is named.'),
  splitSeed: heldOut.splitSeed,
  broken: brokenOption,
  augment: augmentOption,
});
export type ImageFolderOptions = z.infer<typeof imageFolderOptions>;
