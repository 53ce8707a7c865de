import { z } from 'zod';
import { annotationFields, commands, scheduleChangeFields } from '../../../shared/messages/commands.js';
import { endpoint } from '../endpoint.js';
import { sweepPath, trialPath } from '../fields.js';
import { readAnnotation } from '../../queries/annotations.js';
import { neededSweep, neededTrial } from '../needed.js';

/** What is done with a sweep and with a trial alike. */
const kinds = [
  { of: 'Sweep', address: '/sweeps/{sweepId}', group: 'Sweeps', path: sweepPath, noun: 'sweep' },
  { of: 'Trial', address: '/trials/{trialId}', group: 'Trials', path: trialPath, noun: 'trial' },
] as const;

const errors = ['NOT_FOUND', 'COORDINATOR_UNREACHABLE'] as const;

const annotation = z.object({ notes: z.string(), tags: z.array(z.string()) });

const ofBoth = kinds.flatMap(({ of, address, group, path, noun }) => {
  type Target = { readonly sweepId: string } | { readonly trialId: string };
  const target = (given: object): Target => given as Target;
  return [
    endpoint({
      name: `cancel${of}`,
      method: 'post',
      address: `${address}/cancel`,
      group,
      summary:
        noun === 'sweep' ? 'Cancels what has not ended; finished trials keep their results.' : 'Cancels the trial.',
      path,
      answer: commands.cancel.response,
      errors,
      handle: async ({ commands: give }, request) => ({ cancelled: await give.cancel(target(request.path)) }),
    }),
    endpoint({
      name: `retry${of}`,
      method: 'post',
      address: `${address}/retry`,
      group,
      summary: 'Queues again what failed, was stopped or was cancelled.',
      path,
      answer: commands.retry.response,
      errors,
      handle: async ({ commands: give }, request) => ({ queued: await give.retry(target(request.path)) }),
    }),
    endpoint({
      name: `pause${of}`,
      method: 'post',
      address: `${address}/pause`,
      group,
      summary: `Starts nothing more of the ${noun} until it is resumed.`,
      path,
      body: z.strictObject({
        now: z.boolean().default(false).describe('Running trials are handed back too, each with a checkpoint.'),
      }),
      answer: commands.pause.response,
      errors: [...errors, 'ENDED'],
      handle: ({ commands: give }, request) => give.pause({ ...target(request.path), ...request.body }),
    }),
    endpoint({
      name: `resume${of}`,
      method: 'post',
      address: `${address}/resume`,
      group,
      summary: `Lets the ${noun} go on.`,
      path,
      answer: commands.resume.response,
      errors: [...errors, 'ENDED'],
      handle: ({ commands: give }, request) => give.resume(target(request.path)),
    }),
    endpoint({
      name: `schedule${of}`,
      method: 'patch',
      address: `${address}/schedule`,
      group,
      summary:
        noun === 'sweep'
          ? 'Changes priority, share, limit and budget; what is left out stays, null takes a limit away.'
          : 'Changes its priority, which is added to that of its sweep.',
      path,
      body: z.strictObject(noun === 'sweep' ? scheduleChangeFields : { priority: scheduleChangeFields.priority }),
      answer: commands.schedule.response,
      errors,
      async handle({ commands: give }, request) {
        await give.schedule({ ...target(request.path), ...request.body });
        return {};
      },
    }),
    endpoint({
      name: `get${of}Notes`,
      method: 'get',
      address: `${address}/annotation`,
      group,
      summary: `Notes and tags of the ${noun}.`,
      path,
      answer: annotation,
      errors: ['NOT_FOUND'],
      async handle(dependencies, request) {
        const given = target(request.path);
        if ('sweepId' in given) await neededSweep(dependencies, given);
        else await neededTrial(dependencies, given);
        const { notes, tags } = await readAnnotation(dependencies.database, Object.values(given)[0] ?? '');
        return { notes, tags: [...tags] };
      },
    }),
    endpoint({
      name: `annotate${of}`,
      method: 'patch',
      address: `${address}/annotation`,
      group,
      summary: `Writes notes and tags of the ${noun}; what is left out stays.`,
      path,
      body: z.strictObject(annotationFields),
      answer: commands.annotate.response,
      errors,
      async handle({ commands: give }, request) {
        await give.annotate({ ...target(request.path), ...request.body });
        return {};
      },
    }),
  ];
});

const archive = endpoint({
  name: 'archiveSweep',
  method: 'patch',
  address: '/sweeps/{sweepId}',
  group: 'Sweeps',
  summary: 'Puts a sweep into the archive, or takes it out.',
  path: sweepPath,
  body: z.strictObject({ archived: z.boolean() }),
  answer: commands.archive.response,
  errors,
  async handle({ commands: give }, { path: { sweepId }, body: { archived } }) {
    await give.archive({ sweepId, archived });
    return {};
  },
});

const remove = endpoint({
  name: 'deleteSweep',
  method: 'delete',
  address: '/sweeps/{sweepId}',
  group: 'Sweeps',
  summary: 'Deletes a sweep that has ended, with its trials and all of their numbers, for good.',
  path: sweepPath,
  answer: commands.delete.response,
  errors: [...errors, 'SWEEP_ACTIVE'],
  handle: async ({ commands: give }, { path: { sweepId } }) => ({ trials: await give.delete({ sweepId }) }),
});

export const commandEndpoints = [...ofBoth, archive, remove];
