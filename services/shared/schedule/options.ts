import { z } from 'zod';
import { backendRequests } from '../trial-config.js';
import { retryOptions } from './retries.js';

/** Words by which workers are told apart; in settings they stand with commas between them. */
export const workerLabel = z
  .string()
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:=/-]*$/, 'must be letters, digits and "._:=/-", the first a letter or digit');
export const mostLabels = 64;

export const priority = z.int().min(-1000).max(1000);
export const share = z.number().min(0.001).max(1000);
export const maxRunning = z.int().min(1).max(100_000);
export const budgetTrials = z.int().min(1).max(1_000_000);
export const budgetHours = z.number().positive().max(10_000_000);

/** A backend by its own name: `auto` is a worker's way to choose, and none itself. */
const backendName = z.enum(backendRequests).exclude(['auto']);

const distinctOf = <Item extends z.ZodType<string>>(item: Item, most: number) =>
  z
    .array(item)
    .max(most)
    .refine((items) => new Set(items).size === items.length, 'must not repeat an entry');

/**
 * When and where the trials of a sweep are trained. No part of what is trained: a trial's id and its results do not
 * depend on it.
 */
export const scheduleOptions = z.strictObject({
  priority: priority
    .default(0)
    .describe('Trials of a higher priority are started first, whatever others wait; see `share` for equal ones.'),
  share: share
    .default(1)
    .describe('Sweeps of equal priority share the workers in these proportions, counted in trials at once.'),
  maxRunning: maxRunning.describe('Trials of the sweep at once; no limit if left out.').optional(),
  requires: z
    .strictObject({
      backends: distinctOf(backendName, backendRequests.length)
        .default([])
        .describe('Backends of which a worker must have one; any if empty.'),
      deviceMemoryGiB: z
        .number()
        .positive()
        .max(1_000_000)
        .describe('Memory that a worker’s device must have at least, in GiB.')
        .optional(),
      labels: distinctOf(workerLabel, mostLabels)
        .default([])
        .describe('Labels that a worker must have, all of them (`SIGMASWEEP_LABELS`).'),
    })
    .prefault({})
    .describe('Which workers may train its trials.'),
  budget: z
    .strictObject({
      trials: budgetTrials
        .describe('No further trial is started when this many were; those that were started go on.')
        .optional(),
      deviceHours: budgetHours
        .describe('No trial is started when the attempts of the sweep have taken this long, added up, in hours.')
        .optional(),
    })
    .prefault({})
    .describe('What the sweep may use. When it is used up the sweep is held, until the budget is raised.'),
  retries: retryOptions.prefault({}).describe('How often errors of each class are tried again, and after what pause.'),
});
export type ScheduleOptions = z.output<typeof scheduleOptions>;
