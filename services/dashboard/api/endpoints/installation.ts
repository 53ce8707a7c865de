import { z } from 'zod';
import { queuedSweep } from '../../../shared/schedule/queue.js';
import { sweepSpecJsonSchema } from '../../../shared/sweep-spec/json-schema.js';
import { listActions } from '../../queries/actions.js';
import { listQueue } from '../../queries/queue.js';
import { listWorkers } from '../../queries/workers.js';
import { endpoint } from '../endpoint.js';
import { limitUpTo, next, time } from '../fields.js';

export const worker = z
  .object({
    workerId: z.string(),
    name: z.string(),
    host: z.string(),
    softwareVersion: z.string(),
    backend: z.string(),
    backendReason: z.string(),
    device: z.string(),
    driver: z.string().nullable(),
    memoryBytes: z.number().nullable(),
    threads: z.int().nullable(),
    slots: z.int(),
    labels: z.array(z.string()).describe('What sweeps may ask for.'),
    trials: z.array(z.string()).describe('Ids of those that it trains.'),
    state: z.enum(['running', 'stopping', 'gone', 'silent']),
    startedAt: time,
    lastSeenSecondsAgo: z.number(),
  })
  .describe('A worker. `silent`: it says neither that it runs nor that it has gone.');

export const showWorkers = endpoint({
  name: 'listWorkers',
  method: 'get',
  address: '/workers',
  group: 'Installation',
  summary: 'Workers heard of within a day; those that are here come first.',
  query: { limit: limitUpTo(1000, 200) },
  answer: z.object({ workers: z.array(worker) }),
  async handle({ database }, { query: { limit } }) {
    const workers = await listWorkers(database, limit);
    return {
      workers: workers.map(({ id, driver, memoryBytes, threads, labels, trials, startedAt, lastSeenAgo, ...rest }) => ({
        ...rest,
        labels: [...labels],
        workerId: id,
        driver: driver ?? null,
        memoryBytes: memoryBytes ?? null,
        threads: threads ?? null,
        trials: [...trials],
        startedAt: startedAt.toISOString(),
        lastSeenSecondsAgo: lastSeenAgo,
      })),
    };
  },
});

export const showQueue = endpoint({
  name: 'listQueue',
  method: 'get',
  address: '/queue',
  group: 'Installation',
  summary: 'The sweeps that have not ended, the highest priority first, with what their trials wait for.',
  answer: z.object({
    sweeps: z.array(queuedSweep.extend({ retryable: z.int().describe('Trials that failed or were cancelled.') })),
  }),
  handle: async ({ database }) => ({ sweeps: await listQueue(database) }),
});

export const showActions = endpoint({
  name: 'listActions',
  method: 'get',
  address: '/actions',
  group: 'Installation',
  summary: 'The log of actions, newest first.',
  query: {
    limit: limitUpTo(1000, 100),
    after: z
      .string()
      .regex(/^\d{1,18}$/, 'is no place of this list')
      .optional()
      .describe('Goes on behind this place: `next` of the answer before.'),
  },
  answer: z.object({
    actions: z.array(
      z.object({
        at: time,
        action: z.string(),
        via: z.string().nullable(),
        name: z.string().nullable(),
        role: z.string().nullable(),
        address: z.string().nullable(),
        target: z.string().nullable().describe('Id of a sweep or a trial.'),
        targetName: z.string().nullable(),
        outcome: z.string().describe('`done`, or the code of the error.'),
      }),
    ),
    next,
  }),
  async handle({ database }, { query: { limit, after } }) {
    const found = await listActions(database, after === undefined ? undefined : BigInt(after), limit + 1);
    const page = found.slice(0, limit);
    return {
      actions: page.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })),
      next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  },
});

const schema = sweepSpecJsonSchema() as Record<string, unknown>;

export const showSpecSchema = endpoint({
  name: 'getSpecSchema',
  method: 'get',
  address: '/spec-schema',
  group: 'Installation',
  summary: 'The JSON Schema of sweep specs.',
  answer: z.record(z.string(), z.unknown()),
  handle: () => schema,
});
