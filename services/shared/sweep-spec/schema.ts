import { z } from 'zod';
import { architectureGroups, models, type ModelConfig } from '../catalog/models.js';
import { learningRateOfGroup } from '../catalog/descent-options.js';
import { optimizers, type OptimizerConfig } from '../catalog/optimizers.js';
import { transferOptions } from '../catalog/transfer.js';
import { uncertaintyOptions } from '../catalog/uncertainty.js';
import { workloadNames, workloads, type WorkloadName } from '../catalog/workloads.js';
import { checkpointOptions } from '../checkpoint-options.js';
import { scheduleOptions } from '../schedule/options.js';
import { distinct, keyedBy, nameOf, shownText } from './field-kinds.js';
import { gridOf } from './grid-schema.js';
import { modelEntry } from './model-schema.js';
import { searchField } from './search-schema.js';
import { stoppingField } from './stopping-schema.js';
import { tuningField } from './tuning-schema.js';
import { weightingOf } from './weighting-schema.js';

/** The names that a spec's fields may use, as far as they are known: what a task is depends on the spec itself. */
export interface Vocabulary {
  readonly workload: WorkloadName | undefined;
  /** The tasks that the workload has, or that the spec declares for it. */
  readonly workloadTasks: readonly string[] | undefined;
  /** What `grid` and `weightings` may name: the spec's own tasks. */
  readonly tasks: readonly string[] | undefined;
}

/** No grid may be larger, whatever `limits.trials` says: a sweep is planned in memory and stored in one transaction. */
export const mostTrials = 100_000;

const seed = z.int().min(0).max(2_147_483_647);

/**
 * A model or optimizer with its options beside its name; left out, the name is `usual`.
 * @param overrides options that name tasks, so that only the spec's tasks are allowed there
 */
function named<Config extends { readonly name: string }>(
  table: Readonly<Record<Config['name'], { readonly options: z.ZodObject; readonly label: string }>>,
  usual: Config['name'],
  overrides: z.ZodRawShape = {},
): z.ZodType<Config, object> {
  const entries = (Object.keys(table) as Config['name'][]).map((name) => {
    const literal = z.literal(name).describe(table[name].label);
    return z.strictObject({
      // Optional and not only defaulted, so that the union knows where an entry without a name belongs.
      name: name === usual ? literal.optional().default(name) : literal,
      ...table[name].options.shape,
      ...overrides,
    });
  });
  // Built from the catalog's table like the weightings; the catalog's own union says the type.
  return z.discriminatedUnion('name', entries as unknown as [(typeof entries)[0] & object]) as unknown as z.ZodType<
    Config,
    object
  >;
}

/** The optimizer's learning rates by group, where the groups are known. */
function learningRatesOf(tasks: readonly string[] | undefined): z.ZodRawShape {
  const { learningRates } = optimizers.adam.options.shape;
  if (tasks === undefined) return { learningRates };
  const groups = ['encoder', ...tasks, ...architectureGroups, 'weighting'];
  const known = keyedBy(groups, learningRateOfGroup, 'group of parameters');
  return { learningRates: known.default({}).describe(learningRates.description ?? '') };
}

/** What is said of uncertainty, where the tasks are known. */
function uncertaintyOf(tasks: readonly string[] | undefined) {
  const { heteroscedastic } = uncertaintyOptions.shape;
  return uncertaintyOptions.extend({
    heteroscedastic: distinct(nameOf(tasks), 16)
      .describe(heteroscedastic.description ?? '')
      .default([]),
  });
}

export const modelField = named<ModelConfig>(models, 'hard-sharing').prefault({}).describe('The architecture.');

/**
 * The fields of a sweep spec, each with what is allowed in it. This is the one definition: faults, the JSON Schema and
 * the tables of docs/spec.md are made from it. What spans fields is in checks.ts.
 */
export function sweepSpecFields({ workload, workloadTasks, tasks }: Vocabulary) {
  return {
    name: shownText(200).describe('Shown everywhere; any text.'),
    workload: z.enum(workloadNames).describe('What is trained.'),
    tasks: distinct(nameOf(workloadTasks), 16).describe('Tasks of the workload, in the order of the table’s columns.'),
    data: (workload === undefined
      ? z.record(z.string(), z.unknown())
      : (workloads[workload].options as z.ZodType<Record<string, unknown>, Record<string, unknown>>)
    )
      .prefault({})
      .describe('Options of the workload.'),
    grid: gridOf(tasks).describe('Fixed loss weights, in one of three forms.').optional(),
    search: searchField
      .describe('Fixed loss weights that are searched: points of the simplex of all tasks, beside those of the grid.')
      .optional(),
    weightings: z.array(weightingOf(tasks)).max(1000).default([]).describe('Further weightings, one row each.'),
    baselines: z
      .boolean()
      .default(true)
      .describe('Train each task alone as well, where no row does so yet; Δm is measured against these.'),
    seeds: distinct(seed, 1000).default([1]).describe('Every row is trained once with each seed.'),
    model: modelField,
    models: z
      .array(modelEntry)
      .min(1)
      .max(50)
      .describe(
        'Several architectures instead of the one of `model`: every row of the grid and of the weightings is trained with each.',
      )
      .optional(),
    optimizer: named<OptimizerConfig>(optimizers, 'adam', learningRatesOf(tasks))
      .prefault({})
      .describe('The optimizer.'),
    transfer: transferOptions
      .describe('What every network of the sweep starts from, the single-task ones too, instead of drawn values.')
      .optional(),
    uncertainty: uncertaintyOf(tasks)
      .describe('What every network of the sweep says of the doubt in its predictions; nothing if left out.')
      .optional(),
    epochs: z.int().min(1).max(100_000).describe('Passes over the training split.'),
    batchSize: z.int().min(1).max(65_536).default(8).describe('Images per step.'),
    tuning: tuningField
      .describe('Learning rates that every row is trained with; the comparison shows the best of each on validation.')
      .optional(),
    stopping: stoppingField
      .describe('Ends trainings that fall behind before their last epoch; none are if left out.')
      .optional(),
    checkpoint: checkpointOptions
      .prefault({})
      .describe('When the state of a trial is kept, so that another worker goes on from there and not from the start.'),
    schedule: scheduleOptions
      .prefault({})
      .describe('When and where its trials are trained. No part of what is trained: ids and results stay the same.'),
    limits: z
      .strictObject({
        trials: z.int().min(1).max(mostTrials).default(10_000).describe('A sweep of more trials is refused.'),
        parameters: z
          .int()
          .min(1)
          .max(1_000_000_000)
          .default(5_000_000)
          .describe('A model of more parameters is refused before training.'),
        stallSeconds: z
          .number()
          .min(1)
          .max(86_400)
          .default(300)
          .describe('Training without progress for this long is ended, in seconds.'),
        failures: z
          .int()
          .min(1)
          .max(100)
          .default(3)
          .describe('A trial is failed when this many of its attempts have failed or lost their worker.'),
      })
      .prefault({})
      .describe('What must never be exceeded.'),
  } as const;
}

/** The fields of `quick:`: what makes a sweep smaller. The rest of a spec is the same at both sizes. */
export const quickFieldNames = ['data', 'seeds', 'epochs', 'batchSize', 'model', 'optimizer'] as const;
