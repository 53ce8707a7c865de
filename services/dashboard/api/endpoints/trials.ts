import { z } from 'zod';
import { attemptOutcomes, trialStates } from '../../../shared/trial-state.js';
import { readTrials, type RecordedError, type TrialDetail } from '../../queries/trials.js';
import { endpoint } from '../endpoint.js';
import { after, limitUpTo, next, sweepPath, time, trialPath } from '../fields.js';
import { neededSweep, neededTrial } from '../needed.js';
import { pageOf, readPlace } from '../places.js';

const trialFields = {
  trialId: z.string(),
  label: z.string(),
  settingKey: z.string().describe('The trials of all seeds of a setting share it.'),
  seed: z.int(),
  state: z.enum(trialStates),
  attempt: z.int().describe('Number of the newest attempt; 0 before the first.'),
  step: z.int().nullable().describe('Optimizer steps done.'),
  steps: z.int().nullable().describe('Optimizer steps planned.'),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  stop: z.string().nullable().describe('Why it was stopped early; null where it was not.'),
};

export const trialLine = z
  .object({
    ...trialFields,
    workerId: z.string().nullable(),
    workerName: z.string().nullable(),
    seconds: z.number().nullable().describe('From start to end, or to now.'),
    errorCode: z.string().nullable(),
  })
  .describe('A trial of a list.');

export const showTrials = endpoint({
  name: 'listTrials',
  method: 'get',
  address: '/sweeps/{sweepId}/trials',
  group: 'Trials',
  summary: 'The trials of a sweep, in its order.',
  path: sweepPath,
  query: { state: z.enum(trialStates).optional(), limit: limitUpTo(1000, 200), after },
  answer: z.object({ trials: z.array(trialLine), next }),
  errors: ['NOT_FOUND'],
  async handle(dependencies, { path, query: { state, limit, after: place } }) {
    const { id } = await neededSweep(dependencies, path);
    const [behind = -1] = place === undefined ? [] : readPlace(place, ['integer']);
    const found = await readTrials(dependencies.database, id, { state, after: behind, limit: limit + 1 });
    const { page, next: following } = pageOf(found, limit, ({ position }) => [position]);
    return {
      trials: page.map(({ id: trialId, startedAt, endedAt, duration, ...row }) => ({
        ...row,
        trialId,
        startedAt: startedAt?.toISOString() ?? null,
        endedAt: endedAt?.toISOString() ?? null,
        seconds: duration,
      })),
      next: following,
    };
  },
});

const recordedError = z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() });
const errorAnswer = (error: RecordedError | undefined) =>
  error === undefined ? null : { ...error, hint: error.hint ?? null };

export const trial = z
  .object({
    ...trialFields,
    sweepId: z.string(),
    queuedAt: time,
    failures: z.int().describe('Attempts that failed or were lost.'),
    maxFailures: z.int(),
    error: recordedError.nullable(),
    waitsFor: z.int().describe('Trials that it depends on and that have not succeeded yet.'),
    config: z.unknown().describe('All that its worker is told.'),
    attempts: z
      .array(
        z.object({
          number: z.int(),
          workerId: z.string(),
          workerName: z.string().nullable(),
          backend: z.string(),
          device: z.string(),
          outcome: z.enum(attemptOutcomes),
          startedAt: time,
          endedAt: time.nullable(),
          error: recordedError.nullable(),
          resumedFrom: z.object({ attempt: z.int(), step: z.int() }).nullable(),
        }),
      )
      .describe('Newest first.'),
    checkpoints: z
      .array(
        z.object({
          object: z.string(),
          attempt: z.int(),
          step: z.int(),
          bytes: z.int(),
          createdAt: time,
          final: z.boolean(),
        }),
      )
      .describe('Those in the store, newest first.'),
  })
  .describe('A trial with its attempts.');

function trialAnswer(detail: TrialDetail): z.input<typeof trial> {
  const { id, label, settingKey, seed, state, attempt, step, steps, stop, failures, maxFailures, config } = detail;
  return {
    trialId: id,
    label,
    stop,
    settingKey,
    seed,
    state,
    attempt,
    step,
    steps,
    failures,
    maxFailures,
    config,
    sweepId: detail.sweep.id,
    queuedAt: detail.queuedAt.toISOString(),
    startedAt: detail.startedAt?.toISOString() ?? null,
    endedAt: detail.endedAt?.toISOString() ?? null,
    error: errorAnswer(detail.error),
    waitsFor: detail.dependencies.unmet,
    attempts: detail.attempts.map(({ startedAt, endedAt, error, resumed, ...rest }) => ({
      ...rest,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
      error: errorAnswer(error),
      resumedFrom: resumed ?? null,
    })),
    checkpoints: detail.checkpoints.map(({ createdAt, ...rest }) => ({ ...rest, createdAt: createdAt.toISOString() })),
  };
}

export const showTrial = endpoint({
  name: 'getTrial',
  method: 'get',
  address: '/trials/{trialId}',
  group: 'Trials',
  summary: 'One trial with its configuration, attempts and checkpoints.',
  path: trialPath,
  answer: trial,
  errors: ['NOT_FOUND'],
  handle: async (dependencies, { path }) => trialAnswer(await neededTrial(dependencies, path)),
});
