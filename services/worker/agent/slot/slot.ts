import type { JsMsg } from 'nats';
import { claimedWorkloadOf } from '../../../shared/catalog/own-workloads.js';
import type { Logger } from '../../../shared/log.js';
import { softwareVersion } from '../../../shared/version.js';
import type { CheckpointPlace } from '../checkpoints/fetch.js';
import { claimTrial, type GrantedTrial } from '../claim.js';
import type { NatsLink } from '../link.js';
import type { Patience } from '../patience.js';
import { pause } from '../pause.js';
import { Reporter } from '../reports/reporter.js';
import type { ReportSink } from '../reports/report-stream.js';
import type { Announcement, TrialSource } from '../trial-source.js';
import type { Commands } from '../commands/command-settings.js';
import { ProgramTrainer, type ProgramContext } from '../commands/program-trainer.js';
import { Attempt } from './attempt.js';
import type { ReadyTrainer, Trainer, TrainerSource } from './trainer.js';

/** What all slots of a worker share. */
export interface SlotContext {
  readonly workerId: string;
  readonly link: NatsLink;
  readonly source: TrialSource;
  readonly sink: ReportSink;
  readonly checkpoints: CheckpointPlace;
  readonly patience: Patience;
  readonly labels: readonly string[];
  readonly commands: Commands;
  readonly programs: ProgramContext;
  readonly logger: Logger;
  /** Aborted when the worker is to stop. */
  readonly stopping: AbortSignal;
  /** Called when an attempt has begun or ended. */
  readonly changed: () => void;
}

/** After a claim without an answer: when the message comes again, and when this slot asks for the next one. */
const comesAgainMs = 5000;
const asksAgainMs = 2000;
const stoppingReason = 'the worker is stopping';

/** Trains one trial after the other, with one trainer process. */
export class Slot {
  private attempt: Attempt | undefined;

  constructor(
    private readonly supply: TrainerSource,
    private readonly context: SlotContext,
  ) {}

  /** The attempt that is being trained or reported. */
  get running(): Attempt | undefined {
    return this.attempt;
  }

  /** Resolves when the worker is stopping and this slot has nothing left to report. */
  async run(): Promise<void> {
    const { stopping, source, patience } = this.context;
    for (;;) {
      const ready = await this.supply.take(stopping);
      if (ready === undefined) return;
      // A trainer that dies while it waits is replaced before the next trial is taken.
      const over = AbortSignal.any([stopping, ready.trainer.gone]);
      while (!over.aborted) {
        await patience.wait(over);
        const announced = await source.next(over);
        if (announced === undefined) continue;
        if (stopping.aborted || ready.trainer.isGone) announced.message.nak();
        else await this.take(announced, ready);
      }
    }
  }

  /** Which trial it gets is the coordinator's choice: the message only said that there is something to train. */
  private async take({ message }: Announcement, ready: ReadyTrainer): Promise<void> {
    const { workerId, link, stopping, patience, logger } = this.context;
    const { backend, device, memoryBytes } = ready.facts;
    const claimant = {
      workerId,
      softwareVersion,
      backend: backend.slice(0, 50),
      device: device.slice(0, 200),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      labels: [...this.context.labels],
      commands: [...this.context.commands.keys(), ...ready.facts.workloads.map(claimedWorkloadOf)],
    };
    const answer = await claimTrial(link, message, claimant, stopping, logger).catch((error: unknown) => {
      // Somebody else's to train.
      message.nak();
      throw error;
    });
    if (answer === undefined) {
      await this.leave(message, asksAgainMs);
      return;
    }
    if (!answer.granted && answer.forOthers === true) {
      logger.debug({ reason: answer.reason }, 'what is queued is left to another worker');
      // At once: whoever waits for one gets it, and this worker does not ask for a while.
      message.nak();
      patience.refused();
      return;
    }
    message.ack();
    if (answer.granted) {
      patience.granted();
      await this.train(answer, ready);
    } else logger.debug({ reason: answer.reason }, 'there is nothing to train');
  }

  /** The message comes again, here or elsewhere. */
  private async leave(message: JsMsg, asksAgainMs: number): Promise<void> {
    const { stopping } = this.context;
    message.nak(stopping.aborted ? undefined : comesAgainMs);
    await pause(asksAgainMs, stopping);
  }

  private async train(trial: GrantedTrial, { trainer }: ReadyTrainer): Promise<void> {
    const { workerId, sink, checkpoints, stopping, changed } = this.context;
    const { trialId, attempt, label } = trial;
    const logger = this.context.logger.child({ trialId, attempt });
    const reporter = new Reporter(sink, { trialId, attempt, workerId }, logger);
    const programmed = this.trainerFor(trial, trainer, reporter, logger);
    const running = new Attempt(trial, programmed, reporter, checkpoints, logger);
    this.attempt = running;
    changed();
    logger.info({ label }, 'training');
    const handBack = (): void => running.handBack(stoppingReason);
    if (stopping.aborted) handBack();
    else stopping.addEventListener('abort', handBack, { once: true });
    try {
      await running.run();
    } finally {
      stopping.removeEventListener('abort', handBack);
      this.attempt = undefined;
      changed();
    }
  }

  /** A program trains what is a command's, and the slot's own trainer everything else. */
  private trainerFor(trial: GrantedTrial, own: Trainer, reporter: Reporter, logger: Logger): Trainer {
    if (trial.config.workload !== 'command') return own;
    const command = this.context.commands.get(String(trial.config.data['command']));
    // A coordinator grants it only to workers that have the command.
    if (command === undefined) throw new Error('a trial was granted whose command this worker does not have');
    return new ProgramTrainer(command, trial, this.context.programs, () => reporter.waitingBytes, logger);
  }
}
