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
