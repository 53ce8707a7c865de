import type { OwnWorkloadEntry } from '../../../shared/catalog/own-workloads.js';
import type { FromTrainer, ToTrainer } from '../../trainer-protocol.js';
import type { TrainerEnd } from './trainer-end.js';

/** What trains an attempt, as the agent sees it: a trainer child process, or a program that a command starts. */
export interface Trainer {
  /** Never rejects. */
  readonly ended: Promise<TrainerEnd>;
  /** One that was told to stop is killed when it has not answered by then, milliseconds. */
  readonly stopGraceMs: number;
  /** Takes what the trainer says of its trial. */
  onMessage: ((message: FromTrainer) => void) | undefined;
  /** One that is gone hears nothing; `ended` tells of it. */
  send(message: ToTrainer): void;
  kill(): void;
}

/** A trainer that a slot keeps from trial to trial. */
export interface SlotTrainer extends Trainer {
  /** Aborted when the trainer has ended. */
  readonly gone: AbortSignal;
  readonly isGone: boolean;
}

/** A trainer that can train, and what it computes on. */
export interface ReadyTrainer {
  readonly trainer: SlotTrainer;
  readonly facts: {
    readonly backend: string;
    readonly device: string;
    /** Of the device, bytes, where it is known. */
    readonly memoryBytes?: number | undefined;
    /** That the worker brought along. */
    readonly workloads: readonly OwnWorkloadEntry[];
  };
}

/** Keeps a slot's trainer. */
export interface TrainerSource {
  /** The slot's trainer, once it is ready; undefined when the signal was aborted. */
  take(signal: AbortSignal): Promise<ReadyTrainer | undefined>;
  close(graceMs: number): Promise<void>;
}
