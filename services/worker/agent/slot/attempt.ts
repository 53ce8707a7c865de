import { rm } from 'node:fs/promises';
import { errorRecord, SigmasweepError, type ErrorRecord } from '../../../shared/errors.js';
import type { Logger } from '../../../shared/log.js';
import type { FromTrainer, ResumedCheckpoint } from '../../trainer-protocol.js';
import { fetchCheckpoint, type CheckpointPlace } from '../checkpoints/fetch.js';
import { networkFile, type NetworkFile } from '../checkpoints/start-network.js';
import { CheckpointUploads } from '../checkpoints/uploads.js';
import type { GrantedTrial } from '../claim.js';
import { settlesWithin } from '../pause.js';
import { metrics } from '../metrics.js';
import type { FinalItem, Reporter } from '../reports/reporter.js';
import { trainerDied, type TrainerEnd } from './trainer-end.js';
import type { Trainer } from './trainer.js';

/** A trainer that said that it ends is killed when it has not by then. */
const endGraceMs = 5000;
/** When the worker stops, what the trainer wrote last may take so long to be stored. */
const uploadGraceMs = 4000;
/** Silence is counted in ticks: after a pause of the whole machine, or of this process, one tick has gone by. */
const silenceTicks = 20;
/** Node takes a longer one for 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

type Answer = Extract<FromTrainer, { type: 'succeeded' | 'failed' | 'stopped' }>;

/**
 * One attempt at one trial, on a trainer that is free. It ends in one of four ways: the trainer answers, dies, or is
 * killed for its silence, which is reported; or the attempt is stopped from outside, after which at most `handed-back` is.
 */
export class Attempt {
  private silent = 0;
  private step: number | undefined;
  private stalled = false;
  private started = false;
  private stopped = false;
  private readonly answered: Promise<Answer>;
  private readonly uploads: CheckpointUploads;
  private handingBack: Promise<void> | undefined;
  private takeAnswer: (answer: Answer) => void = () => undefined;

  constructor(
    readonly trial: GrantedTrial,
    private readonly trainer: Trainer,
    private readonly reporter: Reporter,
    private readonly checkpoints: CheckpointPlace,
    private readonly logger: Logger,
  ) {
    this.uploads = new CheckpointUploads(checkpoints, trial, reporter, logger);
    this.answered = new Promise((resolve) => {
      this.takeAnswer = resolve;
    });
  }

  /** Trains; resolves when the trainer is free again, or gone, and everything that is to be reported is acknowledged. */
  async run(): Promise<void> {
    const { trialId, attempt, config, leaseSeconds } = this.trial;
    const { stallSeconds } = config.limits;
    this.trainer.onMessage = this.receive;
    const heartbeat = setInterval(() => this.reporter.heartbeat(), (leaseSeconds * 1000) / 3);
    const silence = setInterval(this.countSilence, Math.min((stallSeconds * 1000) / silenceTicks, longestTimerMs));
    try {
      const resume = await this.fetch();
      const network = await this.fetchNetwork();
      if (!this.stopped && network !== 'missing') {
        this.started = true;
        this.silent = 0;
        const checkpointFolder = this.checkpoints.folder;
        const given = {
          ...(resume === undefined ? {} : { resume }),
          ...(network === undefined ? {} : { network: network.file }),
        };
        this.trainer.send({ type: 'train', trialId, attempt, config, checkpointFolder, ...given });
        const end = await this.untilEnded();
        if ('type' in end) {
          this.conclude(end);
          if (end.type === 'failed' && end.ends) await this.untilTrainerEnded();
        } else this.fail(errorRecord(trainerDied(end, this.stalled ? stallSeconds : undefined)), true, end);
      }
      if (resume !== undefined) await rm(resume.file, { force: true });
      if (network !== undefined && network !== 'missing') await network.remove();
      await this.handingBack;
    } finally {
      clearInterval(heartbeat);
      clearInterval(silence);
      this.trainer.onMessage = undefined;
    }
    metrics.attempts.inc({ end: this.reporter.end ?? 'abandoned' });
    await this.reporter.flushed();
  }

  /** The coordinator does not want this attempt any more: nothing else is reported. */
  abandon(reason: string): void {
    this.logger.info({ reason }, 'the attempt is stopped by the coordinator');
    this.reporter.abandon();
    this.uploads.abandon();
    void this.stopTrainer(false);
  }

  /** The worker is stopping: the trial goes back, for another worker, with a checkpoint where there is time for one. */
  handBack(reason: string): void {
    this.handingBack ??= this.stopTrainer(true).then(async () => {
      if (!(await settlesWithin(this.uploads.settled(), uploadGraceMs))) {
        this.reporter.log('warn', 'the last checkpoint could not be stored before the worker stopped');
      }
      this.reporter.finish({ type: 'handed-back', reason });
    });
  }

  private async untilEnded(): Promise<Answer | TrainerEnd> {
    const end = await Promise.race([this.answered, this.trainer.ended]);
    // What it wrote before its end is reported before its end.
    if (!this.stopped) await this.uploads.settled();
    return end;
  }

  private async fetch(): Promise<ResumedCheckpoint | undefined> {
    const warn = (text: string): void => {
      this.logger.warn(text);
      this.reporter.log('warn', text);
    };
    return fetchCheckpoint(this.checkpoints, this.trial.checkpoints, warn);
  }

  /** The network to start from; `missing` when the attempt has failed for want of it. */
  private async fetchNetwork(): Promise<NetworkFile | 'missing' | undefined> {
    const { config, network } = this.trial;
    if (config.transfer === undefined) return undefined;
    try {
      return await networkFile(this.checkpoints, config.transfer, network);
    } catch (error) {
      // Of our own errors each would come again; what a store says need not.
      this.fail(errorRecord(error), !(error instanceof SigmasweepError));
      return 'missing';
    }
  }

  private readonly receive = (message: FromTrainer): void => {
    // Every message is a sign of life, also those from before the first step.
    this.silent = 0;
    switch (message.type) {
      case 'progress':
        // A trial that is resumed begins with the steps of an earlier attempt.
        metrics.steps.inc(this.step === undefined ? 0 : Math.max(0, message.step - this.step));
        this.step = message.step;
        this.reporter.advanced(message.step, message.steps);
        return;
      case 'metrics':
        this.reporter.metrics(message.points);
        return;
      case 'log':
        this.logger.debug({ level: message.level }, message.text);
        this.reporter.log(message.level, message.text);
        return;
      case 'picture':
        this.reporter.picture(message);
        return;
      case 'checkpoint':
        this.uploads.add(message);
        return;
      case 'resumed':
        this.reporter.resumed(message.attempt, message.step);
        return;
      case 'succeeded':
      case 'failed':
      case 'stopped':
        this.takeAnswer(message);
        return;
      case 'ready':
      case 'unusable':
      case 'opening':
        return;
    }
  };

  private conclude(answer: Answer): void {
    if (answer.type === 'succeeded') {
      this.logger.info('trained');
      this.reporter.finish({ type: 'succeeded' });
    } else if (answer.type === 'failed') {
      this.fail(answer.error, answer.retryable);
    } else if (!this.stopped) {
      this.logger.error('the trainer stopped without being told to');
      this.reporter.finish({ type: 'handed-back', reason: 'the trainer stopped without being told to' });
    }
  }

  /** The next trial must not go to a trainer that is ending. */
  private async untilTrainerEnded(): Promise<void> {
    if (await settlesWithin(this.trainer.ended, endGraceMs)) return;
    this.trainer.kill();
    await this.trainer.ended;
  }

  private fail(error: ErrorRecord, retryable: boolean, end?: TrainerEnd): void {
    // A trainer that was told to stop, or was killed because it did not, says nothing of the trial.
    if (this.stopped) return;
    const { code, message } = error;
    this.logger.error({ code, retryable, exitCode: end?.code, signal: end?.signal }, `the attempt failed: ${message}`);
    this.reporter.finish({ type: 'failed', error: fitting(error), retryable });
  }

  private readonly countSilence = (): void => {
    this.silent += 1;
    if (this.silent <= silenceTicks || !this.started || this.stopped || this.stalled) return;
    this.stalled = true;
    this.trainer.kill();
  };

  private async stopTrainer(checkpoint: boolean): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    if (!this.started) return;
    this.trainer.send({ type: 'stop', checkpoint });
    const { stopGraceMs } = this.trainer;
    if (await settlesWithin(Promise.race([this.answered, this.trainer.ended]), stopGraceMs)) return;
    this.logger.warn(`the trainer did not stop within ${stopGraceMs / 1000} s and is killed`);
    this.trainer.kill();
  }
}

/** Cuts an error's texts to what a report may hold. */
function fitting({ code, message, hint, stack }: ErrorRecord): Extract<FinalItem, { type: 'failed' }>['error'] {
  const cut = (text: string, length: number): string => text.replaceAll('\0', '\uFFFD').slice(0, length);
  return {
    code: cut(code, 100),
    message: cut(message, 10_000),
    ...(hint === undefined ? {} : { hint: cut(hint, 10_000) }),
    ...(stack === undefined ? {} : { stack: cut(stack, 20_000) }),
  };
}
