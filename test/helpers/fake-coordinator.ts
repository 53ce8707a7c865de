import type { Msg, NatsConnection } from 'nats';
import { commands } from '../../services/shared/messages/commands.js';
import { protocolVersion } from '../../services/shared/messages/common.js';
import { reportMessage, type ReportItem } from '../../services/shared/messages/reports.js';
import { workerPresence, type ControlMessage, type WorkerPresence } from '../../services/shared/messages/workers.js';
import { streams, subjects } from '../../services/shared/nats-names.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { ensureStreams } from '../../services/shared/nats/streams.js';
import type { TrialConfig } from '../../services/shared/trial-config.js';

export interface ReceivedClaim {
  readonly trialId: string;
  readonly claimId: string;
  readonly workerId: string;
  readonly backend: string;
  readonly commands: readonly string[];
}

export interface ReceivedReport {
  readonly trialId: string;
  readonly attempt: number;
  readonly items: readonly ReportItem[];
}

interface PlannedTrial {
  readonly config: TrialConfig;
  readonly leaseSeconds: number;
  readonly attemptOf: Map<string, number>;
  attempts: number;
}

/**
 * The coordinator as a worker sees it, over a real NATS server and without a database: grants planned trials in the order
 * in which they were rung, and keeps what is reported in the order of the stream.
 */
export class FakeCoordinator {
  readonly claims: ReceivedClaim[] = [];
  readonly presences: WorkerPresence[] = [];
  /** So many of the next claims are granted, but the answers get lost. */
  answersToLose = 0;
  /** The error that claims are answered with. */
  refuseClaims: { readonly code: string; readonly message: string } | undefined;

  private readonly trials = new Map<string, PlannedTrial>();
  /** Trials that were rung and not claimed yet, and what each claim got. */
  private readonly rung: string[] = [];
  private readonly trialOf = new Map<string, string | undefined>();
  private readonly reports = new Map<string, ReceivedReport & { readonly at: number }>();

  private constructor(private readonly connection: NatsConnection) {}

  /** @param withStreams false leaves the streams to be made later, by `makeStreams` */
  static async start(url: string, withStreams = true): Promise<FakeCoordinator> {
    const coordinator = new FakeCoordinator(await connectNats(url, 'fake coordinator'));
    coordinator.connection.subscribe(subjects.command('claim'), {
      callback: (error, message) => {
        if (error === null) coordinator.answer(message);
      },
    });
    coordinator.connection.subscribe(subjects.presence, {
      callback: (_error, message) => coordinator.presences.push(workerPresence.parse(message.json())),
    });
    if (withStreams) await coordinator.makeStreams();
    return coordinator;
  }

  /** Makes the streams and reads the reports; does nothing when they are there. */
  async makeStreams(): Promise<void> {
    const made = await ensureStreams(this.connection);
    if (made.length === 0) return;
    const consumer = await this.connection.jetstream().consumers.get(streams.reports.name, streams.reports.consumer);
    const messages = await consumer.consume({ expires: 2000 });
    void (async () => {
      for await (const message of messages) {
        const { trialId, attempt, items } = reportMessage.parse(message.json());
        // One whose acknowledgement got lost comes again. The server does not always know it again: one that was
        // recorded is gone from the stream, and with it, when the server is killed, what it remembered of it. The
        // database takes the rows of a report once; here it is the report.
        const id = message.headers?.get('Nats-Msg-Id') ?? String(message.seq);
        if (!this.reports.has(id)) this.reports.set(id, { trialId, attempt, items, at: message.seq });
        message.ack();
      }
    })();
  }

  async deleteStreams(): Promise<void> {
    const manager = await this.connection.jetstreamManager();
    for (const { name } of Object.values(streams)) await manager.streams.delete(name);
    this.reports.clear();
  }

  /** Makes a trial known, so that claims for it are granted. */
  plan(trialId: string, config: TrialConfig, leaseSeconds = 30): void {
    this.trials.set(trialId, { config, leaseSeconds, attemptOf: new Map(), attempts: 0 });
  }

  async ring(trialId: string): Promise<void> {
    this.rung.push(trialId);
    await this.ringWith(JSON.stringify({ v: protocolVersion, trialId, sweepId: 'sweep-1' }));
  }

  async ringWith(body: string): Promise<void> {
    await this.connection.jetstream().publish(subjects.trial('sweep-1'), body);
  }

  /** Rings that no worker has acknowledged. */
  async ringsLeft(): Promise<number> {
    const manager = await this.connection.jetstreamManager();
    return (await manager.streams.info(streams.trials.name)).state.messages;
  }

  tell(workerId: string, message: Omit<ControlMessage, 'v' | 'action'>): void {
    const control: ControlMessage = { v: protocolVersion, action: 'stop', ...message };
    this.connection.publish(subjects.control(workerId), JSON.stringify(control));
  }

  /** What was reported of a trial, in the order of the stream. */
  reportsOf(trialId: string): ReceivedReport[] {
    return [...this.reports.values()]
      .filter((report) => report.trialId === trialId)
      .sort((first, second) => first.at - second.at);
  }

  itemsOf(trialId: string): ReportItem[] {
    return this.reportsOf(trialId).flatMap(({ items }) => items);
  }

  /** The last item of a trial, if it is one that ends an attempt. */
  endOf(trialId: string): ReportItem | undefined {
    const last = this.itemsOf(trialId).at(-1);
    return last !== undefined && ['succeeded', 'failed', 'handed-back'].includes(last.type) ? last : undefined;
  }

  async stop(): Promise<void> {
    await this.connection.close();
  }

  private answer(message: Msg): void {
    const { claimId, workerId, backend, commands: programs } = commands.claim.request.parse(message.json());
    if (this.refuseClaims !== undefined) {
      message.respond(JSON.stringify({ v: protocolVersion, ok: false, error: this.refuseClaims }));
      return;
    }
    if (!this.trialOf.has(claimId)) this.trialOf.set(claimId, this.rung.shift());
    const trialId = this.trialOf.get(claimId) ?? 'none';
    this.claims.push({ trialId, claimId, workerId, backend, commands: programs });
    const value = this.decide(trialId, claimId);
    if (this.answersToLose > 0) this.answersToLose -= 1;
    else message.respond(JSON.stringify({ v: protocolVersion, ok: true, value }));
  }

  private decide(trialId: string, claimId: string): unknown {
    const trial = this.trials.get(trialId);
    if (trial === undefined) return { granted: false, reason: 'there is no such trial' };
    const attempt = trial.attemptOf.get(claimId) ?? (trial.attempts += 1);
    trial.attemptOf.set(claimId, attempt);
    const { config, leaseSeconds } = trial;
    return { granted: true, trialId, sweepId: 'sweep-1', attempt, label: trialId, config, leaseSeconds };
  }
}
