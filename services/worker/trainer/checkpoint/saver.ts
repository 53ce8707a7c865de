import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointOptions } from '../../../shared/checkpoint-options.js';
import { errorRecord } from '../../../shared/errors.js';
import type { FromTrainer } from '../../trainer-protocol.js';
import { encodeCheckpoint, type CheckpointContent } from './format.js';

/** Of the time between two checkpoints that are written by the clock, at most this share is spent on writing them. */
const mostShareOfTime = 0.004;

export interface SaverContext {
  /** Where files are written, for the agent to take away. */
  readonly folder: string;
  readonly options: CheckpointOptions;
  readonly say: (message: FromTrainer) => void;
}

/** How far the trial is that a checkpoint is taken of. */
export interface SavedAt {
  readonly step: number;
  /** The epoch that goes on from here. */
  readonly epoch: number;
  readonly final?: boolean;
}

/**
 * Writes a trial's checkpoints when they are due. One that cannot be written costs a line in the log: training does not
 * depend on it.
 */
export class CheckpointSaver {
  private writtenStep = 0;
  private writtenEpoch = 1;
  private writtenAt = performance.now();
  private lastSeconds = 0;

  /** @param from where this attempt begins */
  constructor(
    private readonly context: SaverContext,
    from: SavedAt,
  ) {
    this.writtenStep = from.step;
    this.writtenEpoch = Math.max(1, from.epoch);
  }

  /** @param at between two steps */
  isDue({ step, epoch }: SavedAt): boolean {
    const { everySeconds, everySteps, everyEpochs } = this.context.options;
    if (step === this.writtenStep) return false;
    if (everySteps > 0 && step - this.writtenStep >= everySteps) return true;
    if (everyEpochs > 0 && epoch - this.writtenEpoch >= everyEpochs) return true;
    const seconds = (performance.now() - this.writtenAt) / 1000;
    return everySeconds > 0 && seconds >= Math.max(everySeconds, this.lastSeconds / mostShareOfTime);
  }

  /** @param capture takes the state; not called where a checkpoint would say nothing new */
  async save(at: SavedAt, capture: () => Promise<CheckpointContent>): Promise<void> {
    const { folder, say } = this.context;
    if (at.step === 0) return;
    const began = performance.now();
    try {
      const content = await capture();
      if (!isFinite(content)) return;
      const file = join(folder, `${randomUUID()}.checkpoint`);
      const { bytes, sha256 } = await writeWhole(file, encodeCheckpoint(content));
      say({ type: 'checkpoint', file, bytes, sha256, step: at.step, epoch: at.epoch, final: at.final === true });
    } catch (error) {
      say({ type: 'log', level: 'warn', text: `no checkpoint at step ${at.step}: ${errorRecord(error).message}` });
    }
    this.writtenStep = at.step;
    this.writtenEpoch = at.epoch;
    this.writtenAt = performance.now();
    this.lastSeconds = (this.writtenAt - began) / 1000;
  }
}

/** A training that has diverged is ended by its losses; nobody shall go on from there. */
function isFinite({ blocks }: CheckpointContent): boolean {
  const losses = blocks.get('progress/losses')?.values ?? [];
  return Array.from(losses).every(Number.isFinite);
}

/** Writes a file so that it is there as a whole or not at all. */
async function writeWhole(
  file: string,
  parts: readonly Uint8Array[],
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  await mkdir(join(file, '..'), { recursive: true });
  const temporary = `${file}.tmp`;
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const handle = await open(temporary, 'wx');
    try {
      for (const part of parts) {
        await handle.writeFile(part);
        hash.update(part);
        bytes += part.byteLength;
      }
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
