import type { OwnWorkloadEntry } from '../shared/catalog/own-workloads.js';
import type { BackendRequest, TrialConfig } from '../shared/trial-config.js';
import type { ErrorRecord } from '../shared/errors.js';
import type { MetricPoint, PictureKind, PictureNumbers } from '../shared/messages/reports.js';
import type { WorkloadFolders } from './workloads/workload.js';

/**
 * What the agent and its trainer child process say to each other over Node's IPC channel. A child is started once per
 * slot, opens its backend, says `ready`, and then trains one trial after the other. The child never talks to NATS.
 */
export type ToTrainer =
  | {
      readonly type: 'train';
      readonly trialId: string;
      readonly attempt: number;
      readonly config: TrialConfig;
      /** Where checkpoints are written; whoever is told of one takes it away. */
      readonly checkpointFolder: string;
      /** The checkpoint to go on from. */
      readonly resume?: ResumedCheckpoint;
      /** Checkpoint file of the network to start from, where the configuration wants one. */
      readonly network?: string;
    }
  /**
   * Stop after the running step; the child answers `stopped` and is then free for another trial. Before that it writes a
   * checkpoint, unless nobody would go on from it.
   */
  | { readonly type: 'stop'; readonly checkpoint: boolean };

/** A checkpoint that was fetched, with where it is from. */
export interface ResumedCheckpoint {
  readonly file: string;
  readonly attempt: number;
  readonly step: number;
}

export type FromTrainer =
  | {
      readonly type: 'ready';
      readonly backend: BackendRequest;
      /** Why this backend, and why the better ones were passed over. */
      readonly backendReason: string;
      readonly device: string;
      /** The GPU's driver; left out on a processor. */
      readonly driver?: string;
      /** Memory of the device, bytes; left out where unknown. */
      readonly memoryBytes?: number;
      /** Threads that one computation uses; left out where that is not ours to say (GPUs). */
      readonly threads?: number;
      /** The workloads that it brings along. */
      readonly workloads: readonly OwnWorkloadEntry[];
    }
  /** No backend can be opened; the child ends. */
  | { readonly type: 'unusable'; readonly error: ErrorRecord }
  /** A sign of life without news: sent while a trial's data is being opened, which can take longer than any step. */
  | { readonly type: 'opening' }
  /** Sent at least every few seconds while training goes on; without it the agent takes the child for hung. */
  | { readonly type: 'progress'; readonly step: number; readonly steps: number }
  | { readonly type: 'metrics'; readonly points: readonly MetricPoint[] }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }
  | {
      readonly type: 'picture';
      readonly epoch: number;
      readonly sample: number;
      readonly task: string;
      readonly kind: PictureKind;
      /** Base64 of a PNG file. */
      readonly png: string;
      /** Of a whole sample's task. */
      readonly numbers?: PictureNumbers;
    }
  /** A checkpoint is written, as a whole. */
  | {
      readonly type: 'checkpoint';
      readonly file: string;
      readonly bytes: number;
      /** Of the whole file, hex. */
      readonly sha256: string;
      /** Optimizer steps that are done. */
      readonly step: number;
      /** The epoch that goes on from here; everything of earlier ones was said before. */
      readonly epoch: number;
      /** Whether training is over: the network that was tested. */
      readonly final: boolean;
    }
  /** Training goes on from the checkpoint that was given; everything that was reported before it is said again. */
  | { readonly type: 'resumed'; readonly attempt: number; readonly step: number }
  | { readonly type: 'succeeded' }
  | {
      readonly type: 'failed';
      readonly error: ErrorRecord;
      readonly retryable: boolean;
      /** Whether the child ends after it, because its device can compute no more. */
      readonly ends: boolean;
    }
  | { readonly type: 'stopped' };

/** Command line of the child: which backend to open, and the folders of its data. */
export interface TrainerArguments extends WorkloadFolders {
  readonly backend: BackendRequest;
  /** See BackendCandidate.open; undefined = as many as there are cores. */
  readonly threads: number | undefined;
  /** Files and packages of workloads to bring along, and the folder they are seen from. */
  readonly ownWorkloads: { readonly places: readonly string[]; readonly folder: string };
}
