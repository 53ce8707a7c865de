import { z } from 'zod';
import { sweepStates, trialStates } from '../../../shared/trial-state.js';
import { listSweeps, readStoredSpec, type SweepOverview } from '../../queries/sweeps.js';
import { readSweepFilter } from '../../routes/parameters.js';
import { endpoint } from '../endpoint.js';
import { after, limitUpTo, next, sweepPath, time } from '../fields.js';
import { neededSweep } from '../needed.js';
import { pageOf, readPlace } from '../places.js';

export const sweep = z
  .object({
    sweepId: z.string(),
    name: z.string(),
    workload: z.string(),
    tasks: z.array(z.string()),
    state: z.enum(sweepStates),
    createdAt: time,
    endedAt: time.nullable(),
    archived: z.boolean(),
    tags: z.array(z.string()),
    trials: z.record(z.enum(trialStates), z.int()).describe('Number of trials in each state.'),
    progress: z.object({
      share: z.number().describe('Work done, 0 to 1; running trials count by their steps.'),
      elapsedSeconds: z.number().nullable(),
      trialsPerMinute: z.number().nullable(),
      secondsLeft: z.number().nullable().describe('Estimated from the mean speed so far.'),
    }),
  })
  .describe('A sweep and how far it is.');

export function sweepAnswer(overview: SweepOverview): z.infer<typeof sweep> {
  const { id, name, workload, tasks, state, createdAt, endedAt, archived, tags, counts, progress } = overview;
  return {
    sweepId: id,
    name,
    workload,
    tasks: [...tasks],
    state,
    createdAt: createdAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    archived,
    tags: [...tags],
    trials: { ...counts },
    progress: {
      share: progress.share,
      elapsedSeconds: progress.elapsed ?? null,
      trialsPerMinute: progress.trialsPerMinute ?? null,
      secondsLeft: progress.left ?? null,
    },
  };
}

export const sweepList = z.object({ sweeps: z.array(sweep), next });

export const showSweeps = endpoint({
  name: 'listSweeps',
  method: 'get',
  address: '/sweeps',
  group: 'Sweeps',
  summary: 'The sweeps, newest first.',
  query: {
    find: z.string().max(200).default('').describe('In name, id, workload, notes or tags.'),
    tag: z.string().max(40).optional().describe('Of the sweep or one of its trials.'),
    archived: z.enum(['yes', 'no']).default('no').describe('Those in the archive instead of the others.'),
    limit: limitUpTo(200, 50),
    after,
  },
  answer: sweepList,
  async handle({ database }, { query }) {
    const { limit, after: place, ...filter } = query;
    const [at, sweepId] = place === undefined ? [] : readPlace(place, ['time', 'text']);
    const behind = at === undefined || sweepId === undefined ? undefined : { createdAt: new Date(at), id: sweepId };
    const found = await listSweeps(database, { ...readSweepFilter(filter), behind }, limit + 1);
    const { page, next: following } = pageOf(found, limit, (one) => [one.createdAt.getTime(), one.id]);
    return { sweeps: page.map(sweepAnswer), next: following };
  },
});

export const showSweep = endpoint({
  name: 'getSweep',
  method: 'get',
  address: '/sweeps/{sweepId}',
  group: 'Sweeps',
  summary: 'One sweep.',
  path: sweepPath,
  answer: sweep,
  errors: ['NOT_FOUND'],
  handle: async (dependencies, { path }) => sweepAnswer(await neededSweep(dependencies, path)),
});

export const showSpec = endpoint({
  name: 'getSpec',
  method: 'get',
  address: '/sweeps/{sweepId}/spec',
  group: 'Sweeps',
  summary: 'The spec that a sweep was submitted with, defaults filled in.',
  path: sweepPath,
  answer: z.record(z.string(), z.unknown()).describe('A sweep spec; see `getSpecSchema`.'),
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path }) {
    await neededSweep(dependencies, path);
    const stored = await readStoredSpec(dependencies.database, path.sweepId);
    return stored?.spec as Record<string, unknown>;
  },
});
