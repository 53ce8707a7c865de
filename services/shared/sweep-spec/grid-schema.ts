import { z } from 'zod';
import { lossWeight } from '../catalog/weighting-options.js';
import { shorten, showValue } from './describe-issue.js';
import { perTask, taskWeights, withoutFault } from './field-kinds.js';

/**
 * The three forms of a grid, of which a spec has one.
 * @param tasks what may be named; undefined where that is not known
 */
export function gridOf(tasks: readonly string[] | undefined) {
  return z
    .strictObject({
      points: z
        .array(taskWeights(tasks))
        .min(1)
        .describe('Explicit points: each gives a weight per task; a task left out has weight 0.')
        .optional(),
      values: perTask(tasks, z.array(lossWeight).min(1))
        .refine((axes) => Object.values(axes).some((axis) => axis.some((weight) => weight > 0)), {
          message: 'has no weight above 0, so that nothing would be trained',
          when: withoutFault,
        })
        .describe('Every combination of the listed weights of each task; a task left out has weight 0.')
        .optional(),
      simplex: z
        .strictObject({
          step: z
            .number()
            .min(1e-6)
            .max(1)
            .refine((step) => Math.abs(Math.round(1 / step) * step - 1) < 1e-9, {
              error: ({ input }) => `must divide 1 into whole steps, as 0.1 or 0.25 do; found ${String(input)}`,
              when: withoutFault,
            })
            .describe('Distance of neighbouring weights; 1/step must be whole.'),
          corners: z.boolean().default(true).describe('Whether points with a weight of 0 are in the grid.'),
        })
        .describe('All weights that are multiples of the step and sum to 1.')
        .optional(),
    })
    .meta({ minProperties: 1, maxProperties: 1 })
    .refine((grid) => Object.keys(grid).length === 1, {
      error: ({ input }) => {
        const given = Object.keys(input as object);
        const found =
          given.length === 0 ? 'none' : given.length > 3 ? showValue(input) : given.map(shorten).join(' and ');
        return `must have exactly one of points, values, simplex; found ${found}`;
      },
      // Not for what is no mapping or a misspelt form, which are faults already.
      when: ({ value, issues }) =>
        (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) ||
        issues.length === 0,
    });
}
