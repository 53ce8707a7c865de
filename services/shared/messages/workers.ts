import { z } from 'zod';
import { commandName } from '../catalog/command-options.js';
import { claimedWorkload, mostOwnWorkloads, ownWorkloadEntry } from '../catalog/own-workloads.js';
import { mostLabels, workerLabel } from '../schedule/options.js';
import { id, version } from './common.js';

/** Core NATS, every few seconds: a worker is here. Lost ones don't matter; the lease is the only liveness clock. */
export const workerPresence = z.object({
  v: version,
  workerId: id,
  name: z.string().max(200),
  host: z.string().max(200),
  pid: z.int32(),
  softwareVersion: z.string().max(50),
  backend: z.string().max(50),
  /** Why this backend, and why the better ones were passed over. */
  backendReason: z.string().max(2000),
  device: z.string().max(200),
  /** The GPU's driver. */
  driver: z.string().max(200).nullish(),
  /** Memory of the device, bytes. */
  memoryBytes: z.int().min(0).nullish(),
  /** Threads that one computation uses, where that is the worker's to say. */
  threads: z.int32().min(1).nullish(),
  slots: z.int32().min(1),
  /** What sweeps may ask for by `schedule.requires.labels`. */
  labels: z.array(workerLabel).max(mostLabels).default([]),
  /** The programs that it may run for workload `command`, and the workloads that it brought along. */
  commands: z
    .array(z.union([commandName, claimedWorkload]))
    .max(1000)
    .default([]),
  /** What it tells of the workloads that it brought along. */
  workloads: z.array(ownWorkloadEntry).max(mostOwnWorkloads).default([]),
  /** Trial of each busy slot. */
  trials: z.array(id),
  state: z.enum(['running', 'stopping', 'gone']),
});
export type WorkerPresence = z.infer<typeof workerPresence>;

/**
 * Core NATS, coordinator to one worker: stop training an attempt, which says nothing more, or hand it back with a
 * checkpoint. A lost one is sent again at the next report.
 */
export const controlMessage = z.object({
  v: version,
  action: z.enum(['stop', 'hand-back']),
  trialId: id,
  attempt: z.int().min(1),
  reason: z.enum(['cancelled', 'stopped-early', 'lease-lost', 'gone', 'paused']),
});
export type ControlMessage = z.infer<typeof controlMessage>;

/** Core NATS, coordinator to dashboards after a commit: something of this sweep changed. */
export const changeMessage = z.object({ v: version, sweepId: id });
export type ChangeMessage = z.infer<typeof changeMessage>;
