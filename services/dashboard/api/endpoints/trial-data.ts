import { z } from 'zod';
import { metricSplits, pictureKinds } from '../../../shared/messages/reports.js';
import { readMetricRange } from '../../queries/curves.js';
import { listPictures } from '../../queries/pictures.js';
import { readLogRange } from '../../queries/trials.js';
import { endpoint } from '../endpoint.js';
import { after, count, limitUpTo, next, several, time, trialPath } from '../fields.js';
import { neededTrial } from '../needed.js';
import { pageOf, readPlace } from '../places.js';

const attempt = count.optional().describe('The newest when left out.');
const answeredAttempt = z.int().describe('Whose it is; 0 when there is none yet.');

const metricPoint = z.object({
  epoch: z.int(),
  split: z.enum(metricSplits),
  task: z.string(),
  metric: z.string(),
  value: z.number().describe('In the unit in which it was reported.'),
});

export const showMetrics = endpoint({
  name: 'listMetrics',
  method: 'get',
  address: '/trials/{trialId}/metrics',
  group: 'Trials',
  summary: 'The numbers of one attempt, by epoch, split, task and name.',
  path: trialPath,
  query: {
    attempt,
    split: z.enum(metricSplits).optional(),
    task: z.string().max(100).optional(),
    metric: several.describe('Names of metrics; all when left out.'),
    limit: limitUpTo(10_000, 1000),
    after,
  },
  answer: z.object({ attempt: answeredAttempt, metrics: z.array(metricPoint), next }),
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path, query: { attempt: asked, split, task, metric, limit, after: place } }) {
    const { attempt: newest } = await neededTrial(dependencies, path);
    const of = { trialId: path.trialId, attempt: asked ?? newest };
    const [epoch, at, under, name] = place === undefined ? [] : readPlace(place, ['integer', 'text', 'text', 'text']);
    const behind =
      epoch === undefined || at === undefined || under === undefined || name === undefined
        ? undefined
        : { epoch, split: at, task: under, metric: name };
    const range = { split, task, metrics: metric, behind, limit: limit + 1 };
    const found = await readMetricRange(dependencies.database, of, range);
    const { page, next: following } = pageOf(found, limit, (one) => [one.epoch, one.split, one.task, one.metric]);
    return { attempt: of.attempt, metrics: page as z.input<typeof metricPoint>[], next: following };
  },
});

export const showLog = endpoint({
  name: 'getLog',
  method: 'get',
  address: '/trials/{trialId}/log',
  group: 'Trials',
  summary: 'The log of one attempt, from its first line.',
  path: trialPath,
  query: { attempt, limit: limitUpTo(5000, 500), after },
  answer: z.object({
    attempt: answeredAttempt,
    lines: z.array(z.object({ seq: z.int(), at: time, level: z.string(), text: z.string() })),
    next,
  }),
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path, query: { attempt: asked, limit, after: place } }) {
    const { attempt: newest } = await neededTrial(dependencies, path);
    const of = { trialId: path.trialId, attempt: asked ?? newest };
    const [behind = -1] = place === undefined ? [] : readPlace(place, ['integer']);
    const found = await readLogRange(dependencies.database, of, { after: behind, limit: limit + 1 });
    const { page, next: following } = pageOf(found, limit, ({ seq }) => [seq]);
    return {
      attempt: of.attempt,
      lines: page.map(({ at, ...line }) => ({ ...line, at: at.toISOString() })),
      next: following,
    };
  },
});

export const showPictures = endpoint({
  name: 'listPictures',
  method: 'get',
  address: '/trials/{trialId}/pictures',
  group: 'Trials',
  summary: 'Where the pictures of an attempt’s predictions are.',
  path: trialPath,
  query: { attempt },
  answer: z.object({
    attempt: answeredAttempt,
    pictures: z.array(
      z.object({
        epoch: z.int(),
        sample: z.int(),
        task: z.string(),
        kind: z.enum(pictureKinds),
        address: z.string().describe('Path of its PNG file on this server.'),
      }),
    ),
  }),
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path: { trialId }, query: { attempt: asked } }) {
    const { attempt: newest } = await neededTrial(dependencies, { trialId });
    const shown = asked ?? newest;
    const pictures = await listPictures(dependencies.database, trialId, shown);
    return {
      attempt: shown,
      pictures: pictures.map(({ attempt: made, epoch, sample, task, kind }) => ({
        epoch,
        sample,
        task,
        kind,
        address: `/pictures/${trialId}/${[made, epoch, sample, task].map(encodeURIComponent).join('/')}/${kind}.png`,
      })),
    };
  },
});
