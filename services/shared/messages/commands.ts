import { z } from 'zod';
import { commandName } from '../catalog/command-options.js';
import { claimedWorkload, ownWorkloadEntry } from '../catalog/own-workloads.js';
import { sweepResults } from '../compare/results.js';
import { trialConfig } from '../trial-config.js';
import { sweepStates, trialStates } from '../trial-state.js';
import { storedCheckpoint } from './checkpoints.js';
import {
  budgetHours,
  budgetTrials,
  maxRunning,
  mostLabels,
  priority,
  share,
  workerLabel,
} from '../schedule/options.js';
import { queuedSweep } from '../schedule/queue.js';
import { id, version } from './common.js';

const counts = z.object({
  waiting: z.int(),
  queued: z.int(),
  running: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  stopped: z.int(),
  cancelled: z.int(),
});

export const sweepSummary = z.object({
  sweepId: id,
  name: z.string(),
  workload: z.string(),
  state: z.enum(sweepStates),
  counts,
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
});
export type SweepSummary = z.infer<typeof sweepSummary>;

export const trialSummary = z.object({
  trialId: id,
  label: z.string(),
  settingKey: z.string(),
  seed: z.int(),
  state: z.enum(trialStates),
  attempt: z.int(),
  workerId: z.string().nullable(),
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** Optimizer steps done and planned, from the last heartbeat. */
  step: z.int().nullable(),
  steps: z.int().nullable(),
  error: z.string().nullable(),
  /** Why it was stopped early. */
  stop: z.string().nullish(),
});
export type TrialSummary = z.infer<typeof trialSummary>;

const targetFields = { v: version, sweepId: id.optional(), trialId: id.optional() };
const namesOne = (value: { sweepId?: string | undefined; trialId?: string | undefined }): boolean =>
  (value.sweepId === undefined) !== (value.trialId === undefined);
const oneTarget = { message: 'name either sweepId or trialId' };

/** Exactly one of a sweep and a trial. */
const target = z.strictObject(targetFields).refine(namesOne, oneTarget);

/** Who gives a command, as its sender says; written down with what was done. */
export const actor = z.object({
  via: z.enum(['dashboard', 'api', 'cli']),
  name: z.string().max(200).optional(),
  role: z.enum(['view', 'operate']).optional(),
  /** Network address of the person's client. */
  address: z.string().max(100).optional(),
});
export type Actor = z.infer<typeof actor>;

/** What happens at the dashboard's door. */
export const accessEvents = ['login', 'logout', 'login-blocked'] as const;
export type AccessEvent = (typeof accessEvents)[number];

/** Words to find sweeps and trials by. */
export const tag = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^\p{C},]+$/u, 'a tag has no commas and no control characters');
export const mostTags = 20;
export const longestNotes = 20_000;

/** What is left out stays as it is. */
export const annotationFields = {
  notes: z.string().max(longestNotes).optional(),
  tags: z
    .array(tag)
    .max(mostTags)
    .transform((given) => [...new Set(given)])
    .optional(),
};

/** What can be changed of a schedule when the sweep is there. */
export const scheduleChangeFields = {
  priority: priority.optional(),
  share: share.optional(),
  maxRunning: maxRunning.nullable().optional(),
  budgetTrials: budgetTrials.nullable().optional(),
  budgetHours: budgetHours.nullable().optional(),
};
type ScheduleChange = Readonly<Partial<Record<keyof typeof scheduleChangeFields, number | null | undefined>>>;

const changesSomething = (value: ScheduleChange): boolean =>
  Object.keys(scheduleChangeFields).some((name) => value[name as keyof ScheduleChange] !== undefined);
const onlyPriorityOfTrial = ({ trialId, ...change }: ScheduleChange & { trialId?: string | undefined }): boolean =>
  trialId === undefined ||
  Object.keys(scheduleChangeFields).every(
    (name) => name === 'priority' || change[name as keyof ScheduleChange] === undefined,
  );

/** Every command of the coordinator's service: request and answer. CLI, dashboard and workers all call these. */
export const commands = {
  submit: {
    request: z.strictObject({
      v: version,
      /** A sweep spec as parsed from YAML or JSON; the coordinator validates it again. */
      spec: z.unknown(),
      /** The same key with the same spec gives the same sweep; with another spec it is a conflict. */
      idempotencyKey: z.string().min(1).max(200),
    }),
    response: z.object({
      sweepId: id,
      /** False when the key was already known. */
      created: z.boolean(),
      trials: z.int(),
      /** Remarks for the person, such as merged duplicates. */
      notes: z.array(z.string()),
    }),
  },
  list: {
    request: z.strictObject({ v: version, limit: z.int().min(1).max(500).default(100) }),
    response: z.object({ sweeps: z.array(sweepSummary) }),
  },
  show: {
    request: z.strictObject({
      v: version,
      sweepId: id,
      /** Trials in these states only; in every state if left out. */
      states: z.array(z.enum(trialStates)).optional(),
      /** How many trials are passed over, and how many are given at most: an answer has to fit into one message. */
      from: z.int().min(0).default(0),
      limit: z.int().min(1).optional(),
    }),
    response: z.object({ sweep: sweepSummary, trials: z.array(trialSummary) }),
  },
  results: {
    request: z.strictObject({ v: version, sweepId: id }),
    response: sweepResults,
  },
  workloads: {
    request: z.strictObject({ v: version }),
    /** Those that workers have brought along. */
    response: z.object({ workloads: z.array(ownWorkloadEntry) }),
  },
  cancel: {
    request: target,
    response: z.object({ cancelled: z.int() }),
  },
  retry: {
    request: target,
    response: z.object({ queued: z.int() }),
  },
  pause: {
    /** `now`: running trials are handed back with a checkpoint; else they go on to their end. */
    request: z.strictObject({ ...targetFields, now: z.boolean().default(false) }).refine(namesOne, oneTarget),
    response: z.object({
      /** Trials that are not started now. */
      held: z.int(),
      handedBack: z.int(),
    }),
  },
  resume: {
    request: target,
    response: z.object({
      /** Trials that can be started now. */
      startable: z.int(),
    }),
  },
  schedule: {
    /** What is left out stays as it is; null takes a limit or a budget away. A trial has only a priority. */
    request: z
      .strictObject({ ...targetFields, ...scheduleChangeFields })
      .refine(namesOne, oneTarget)
      .refine(onlyPriorityOfTrial, { message: 'a trial has a priority and nothing else of a schedule' })
      .refine(changesSomething, { message: 'name what is to be changed' }),
    response: z.object({}),
  },
  queue: {
    request: z.strictObject({ v: version, sweepId: id.optional() }),
    response: z.object({ sweeps: z.array(queuedSweep) }),
  },
  annotate: {
    request: z.strictObject({ ...targetFields, ...annotationFields }).refine(namesOne, oneTarget),
    response: z.object({}),
  },
  archive: {
    request: z.strictObject({ v: version, sweepId: id, archived: z.boolean() }),
    response: z.object({}),
  },
  delete: {
    request: z.strictObject({ v: version, sweepId: id }),
    response: z.object({ trials: z.int() }),
  },
  access: {
    request: z.strictObject({ v: version, event: z.enum(accessEvents) }),
    response: z.object({}),
  },
  claim: {
    request: z.strictObject({
      v: version,
      workerId: id,
      /** Made once per pulled message: a claim sent again after a lost answer gets the same attempt. */
      claimId: id,
      /** The worker's; one that does not fit the coordinator's is refused. */
      softwareVersion: z.string().max(50).optional(),
      backend: z.string().max(50),
      device: z.string().max(200),
      /** Memory of the device, bytes; left out where it is not known. */
      memoryBytes: z.int().min(0).optional(),
      labels: z.array(workerLabel).max(mostLabels).default([]),
      /** The programs that the worker may run for workload `command`, and the workloads that it brought along. */
      commands: z
        .array(z.union([commandName, claimedWorkload]))
        .max(1000)
        .default([]),
    }),
    response: z.discriminatedUnion('granted', [
      z.object({
        granted: z.literal(true),
        /** Which trial it is, is the coordinator's choice. */
        trialId: id,
        sweepId: id,
        attempt: z.int().min(1),
        label: z.string(),
        config: trialConfig,
        leaseSeconds: z.number().positive(),
        /** Those to go on from, the best first; the next is for when one is not there or torn. */
        checkpoints: z.array(storedCheckpoint).default([]),
        /** The network of the trial that the configuration names under `transfer`; left out where there is none. */
        network: storedCheckpoint.optional(),
      }),
      z.object({
        granted: z.literal(false),
        reason: z.string(),
        /** There is something to train, for workers that have what it needs: the message is to come again. */
        forOthers: z.boolean().optional(),
      }),
    ]),
  },
} as const;

export type CommandName = keyof typeof commands;
export type CommandRequest<Name extends CommandName> = z.input<(typeof commands)[Name]['request']>;
export type CommandResponse<Name extends CommandName> = z.output<(typeof commands)[Name]['response']>;

/** One fault of a spec or request: where it is and what is allowed there. */
export const inputFault = z.object({ path: z.string(), message: z.string() });
export type InputFault = z.infer<typeof inputFault>;

/** Every answer's envelope. */
export const answer = z.discriminatedUnion('ok', [
  z.object({ v: version, ok: z.literal(true), value: z.unknown() }),
  z.object({
    v: version,
    ok: z.literal(false),
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      faults: z.array(inputFault).optional(),
    }),
  }),
]);
