import { z } from 'zod';
import { id } from '../../shared/messages/common.js';

/** Fields that several endpoints have. */

export const sweepPath = { sweepId: id.describe('Of the sweep.') };
export const trialPath = { trialId: id.describe('Of the trial.') };

export const time = z.iso.datetime();

/** So many of a list in one answer; the next ones are asked for with the answer's `next`. */
export function limitUpTo(most: number, usual: number) {
  return z.coerce.number().int().min(1).max(most).default(usual).describe('The most that one answer holds.');
}

export const after = z
  .string()
  .max(500)
  .optional()
  .describe('Goes on behind this place: `next` of the answer before. Left out for the beginning.');

/** Of an answer that holds a part of a list. */
export const next = z.string().nullable().describe('Give it as `after` for what follows; null at the end.');

/** A whole number of a URL that PostgreSQL's integer holds. */
export const count = z.coerce.number().int().min(0).max(999_999_999);

/** One value or several: `?metric=a&metric=b`. */
export const several = z.array(z.string().min(1).max(200)).max(200).default([]);
