import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { errorRecord } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/log.js';
import type { FromTrainer } from '../../trainer-protocol.js';
import type { Reporter } from '../reports/reporter.js';
import type { CheckpointPlace } from './fetch.js';

type WrittenCheckpoint = Extract<FromTrainer, { type: 'checkpoint' }>;

/** A network that is to be kept is stored again so often when it could not be. */
const triesOfFinal = 3;

/**
 * Brings an attempt's checkpoints into the store, one at a time, and reports each that is there. Of those that wait only
 * the newest is brought: nobody would go on from the others.
 */
export class CheckpointUploads {
  private waiting: WrittenCheckpoint | undefined;
  private working: Promise<void> | undefined;
  private abandoned = false;

  constructor(
    private readonly place: CheckpointPlace,
    private readonly attempt: { readonly trialId: string; readonly attempt: number },
    private readonly reporter: Reporter,
    private readonly logger: Logger,
  ) {}

  /** @param checkpoint whose file belongs to the uploads from now on */
  add(checkpoint: WrittenCheckpoint): void {
    if (this.waiting !== undefined) void this.remove(this.waiting);
    this.waiting = checkpoint;
    this.working ??= this.work().finally(() => (this.working = undefined));
  }

  /** Resolves when every checkpoint is stored and reported, or given up. */
  async settled(): Promise<void> {
    while (this.working !== undefined) await this.working;
  }

  /** The trial belongs to somebody else: nothing more is stored. */
  abandon(): void {
    this.abandoned = true;
  }

  private async work(): Promise<void> {
    while (this.waiting !== undefined) {
      const next = this.waiting;
      this.waiting = undefined;
      for (let left = next.final ? triesOfFinal : 1; left > 0 && !this.abandoned; left -= 1) {
        if (await this.store(next)) break;
      }
      await this.remove(next);
    }
  }

  private async store({ file, step, epoch, bytes, sha256, final }: WrittenCheckpoint): Promise<boolean> {
    const { trialId, attempt } = this.attempt;
    // Never used before, whatever an attempt that lost its trial goes on writing.
    const object = `${trialId}.${attempt}.${step}.${randomUUID()}`;
    const began = performance.now();
    try {
      await this.place.store.put(object, file);
      this.logger.debug({ step, bytes, milliseconds: Math.round(performance.now() - began) }, 'a checkpoint is stored');
      this.reporter.checkpoint({ type: 'checkpoint', step, epoch, bytes, sha256, object, final });
      return true;
    } catch (error) {
      const { code, message } = errorRecord(error);
      this.logger.warn({ step, bytes, code }, `a checkpoint could not be stored: ${message}`);
      this.reporter.log('warn', `the checkpoint of step ${step} could not be stored: ${code}: ${message}`);
      return false;
    }
  }

  private async remove({ file }: WrittenCheckpoint): Promise<void> {
    await rm(file, { force: true }).catch((error: unknown) =>
      this.logger.warn({ err: error }, 'a file is left behind'),
    );
  }
}
