import { z } from 'zod';
import { modelConfig } from '../catalog/models.js';
import { optimizerConfig } from '../catalog/optimizers.js';
import { lossWeight, weightingConfig } from '../catalog/weightings.js';
import { workloadNames } from '../catalog/workloads.js';

const taskName = z.string().min(1).max(64);
const seed = z.int().min(0).max(2_147_483_647);

const label = z.string().min(1).max(100).describe('Name of the row in the comparison.');

const gridPoints = z.strictObject({
  points: z
    .array(z.record(taskName, lossWeight))
    .min(1)
    .describe('Explicit points: each gives a weight per task; a task left out has weight 0.'),
});

const gridValues = z.strictObject({
  values: z.record(taskName, z.array(lossWeight).min(1)).describe('Every combination of the values of each task.'),
});

const gridSimplex = z.strictObject({
  simplex: z
    .strictObject({
      step: z.number().positive().max(1).describe('Distance of neighbouring weights; 1/step must be whole.'),
      corners: z.boolean().default(true).describe('Whether points with a weight of 0 are in the grid.'),
    })
    .describe('All weights that are multiples of the step and sum to 1.'),
});

/** An entry of `weightings:`, its method's options beside the tasks it is for. */
const weightingEntry = z.intersection(
  weightingConfig,
  z.object({ tasks: z.array(taskName).min(1).optional(), label: label.optional() }),
);

/**
 * A sweep as a person writes it. This shape documents the fields; `parseSweepSpec` does the validation that a shape
 * alone cannot say (known tasks, counted grid, whole steps).
 */
export const sweepSpecShape = {
  name: z.string().min(1).max(200).describe('Shown everywhere; any text.'),
  workload: z.enum(workloadNames).describe('What is trained.'),
  tasks: z.array(taskName).min(1).max(16).describe('Tasks of the workload, in the order of the table’s columns.'),
  data: z.record(z.string(), z.unknown()).default({}).describe('Options of the workload.'),
  grid: z.union([gridPoints, gridValues, gridSimplex]).optional().describe('Fixed loss weights.'),
  weightings: z.array(weightingEntry).default([]).describe('Further weightings, one row each.'),
  baselines: z.boolean().default(true).describe('Train each task alone as well; Δm is measured against these.'),
  seeds: z.array(seed).min(1).max(1000).default([1]).describe('Every row is trained once with each seed.'),
  model: modelConfig.describe('The architecture.'),
  optimizer: optimizerConfig.describe('The optimizer.'),
  epochs: z.int().min(1).max(100_000).describe('Passes over the training split.'),
  batchSize: z.int().min(1).max(65_536).default(8).describe('Images per step.'),
} as const;
