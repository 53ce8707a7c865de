import { z } from 'zod';
import { encoderConfig, encoders, type EncoderConfig } from './encoders.js';
import type { GradientSpace } from './weighting-options.js';

const usualEncoder: EncoderConfig = { name: 'plain', ...encoders.plain.options.parse({}) };

/** What every architecture is put together from. */
const parts = {
  encoder: encoderConfig
    .default(usualEncoder)
    .describe('The convolutional network before the heads; a list of channels stands for a plain one.'),
  head: z
    .int()
    .min(4)
    .max(512)
    .default(32)
    .describe('Channels of each task’s decoder head; a head of one vector for the image has none of its own.'),
};

export interface ModelInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  readonly options: z.ZodObject;
  /** With respect to what the tasks’ gradients can be told apart and compared; weightings of gradients need one of these. */
  readonly gradients: readonly GradientSpace[];
  /** Parameters with a learning rate of their own beside the encoder’s and the heads’. */
  readonly groups: readonly string[];
  /** How many layers each block of its encoder must have at least; 1 if left out. */
  readonly layersInBlock?: number;
  /** How many tasks it takes at most; any number if left out. */
  readonly mostTasks?: number;
  /** It relates layers of the heads, so two tasks or more must have heads with layers of the same shape. */
  readonly relatesHeads?: true;
}

/** Every architecture by name. A new one is an entry here and one file in services/worker/models. */
export const models = {
  'hard-sharing': {
    label: 'hard parameter sharing',
    description: 'One encoder shared by all tasks, one head per task.',
    source: 'Caruana 1997; Kendall, Gal & Cipolla 2018, fig. 1',
    options: z.strictObject(parts),
    gradients: ['parameters', 'last-layer', 'representation'],
    groups: [],
  },
  'cross-stitch': {
    label: 'cross-stitch network',
    description:
      'One encoder and one head per task; after each block, learned units mix the features of all encoders linearly.',
    source: 'Misra et al. 2016, sections 3 and 5',
    options: z.strictObject({
      ...parts,
      own: z
        .number()
        .min(0)
        .max(1)
        .default(0.9)
        .describe(
          'What each task takes of its own features at first; the rest is shared out evenly among the others’. 1 starts with separate networks.',
        ),
      units: z
        .enum(['channel', 'block'])
        .default('channel')
        .describe('Whether each channel has a unit of its own, or all channels of a block share one.'),
    }),
    gradients: ['parameters', 'last-layer'],
    groups: ['stitch'],
  },
  mtan: {
    label: 'multi-task attention network',
    description: 'One encoder shared by all tasks; in each of its blocks every task learns a mask over the features.',
    source: 'Liu, Johns & Davison 2019 (MTAN), section 3',
    options: z.strictObject(parts),
    gradients: ['parameters', 'last-layer'],
    groups: ['attention'],
    layersInBlock: 2,
  },
  relationship: {
    label: 'relationship network',
    description:
      'Hard sharing with a prior over the heads’ layers of the same shape, whose covariances over tasks, features and outputs are learned.',
    source: 'Long, Cao, Wang & Yu 2017, section 3',
    relatesHeads: true,
    options: z.strictObject({
      ...parts,
      strength: z
        .number()
        .min(0)
        .max(100)
        .default(1e-4)
        .describe('λ: the objective gets λ/2 of the weights’ squared norm under the prior; 0 is hard sharing.'),
      epsilon: z
        .number()
        .positive()
        .max(1)
        .default(0.01)
        .describe('Added to the variances of a covariance, relative to their mean, so that it can be inverted.'),
    }),
    gradients: ['parameters', 'last-layer', 'representation'],
    groups: [],
  },
  adaptive: {
    label: 'fully-adaptive feature sharing',
    description:
      'A thin shared encoder that is branched from its last block to its first, by groups of tasks that find the same samples hard.',
    source: 'Lu et al. 2017, section 3',
    options: z.strictObject({
      ...parts,
      width: z
        .number()
        .positive()
        .max(1)
        .default(0.5)
        .describe('Channels of the thin encoder, and of each branch, relative to those of `encoder`.'),
      every: z.int().min(1).max(10_000).default(1).describe('Epochs from one block’s branching to the next one’s.'),
      branchCost: z
        .number()
        .positive()
        .max(10)
        .default(0.1)
        .describe(
          'What another branch costs against the separation of tasks that differ, 0 … 1; doubled with each halving of the resolution behind the block.',
        ),
      samples: z.int().min(2).max(10_000).default(64).describe('Training images that affinities are measured on.'),
    }),
    gradients: [],
    groups: [],
    mostTasks: 8,
  },
} as const satisfies Record<string, ModelInfo>;

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];

/** Groups of parameters that only some architectures have. */
export const architectureGroups: readonly string[] = [
  ...new Set(modelNames.flatMap((name) => (models[name] as ModelInfo).groups)),
];

/** A model with its options filled in, as a trial carries it. */
export type ModelConfig = {
  [Name in ModelName]: { name: Name } & z.output<(typeof models)[Name]['options']>;
}[ModelName];

/** An architecture's own options. */
export type ModelOptions<Name extends ModelName> = z.output<(typeof models)[Name]['options']>;

const configs = modelNames.map((name) => models[name].options.extend({ name: z.literal(name) }));

// Built from the table, which TypeScript cannot follow; the table itself says the type.
export const modelConfig = z.discriminatedUnion(
  'name',
  configs as unknown as [z.ZodObject<{ name: z.ZodLiteral<string> }>],
) as unknown as z.ZodType<ModelConfig>;
