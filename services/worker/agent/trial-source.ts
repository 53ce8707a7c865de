import type { Consumer, JetStreamClient, JsMsg } from 'nats';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../shared/log.js';
import { trialMessage } from '../../shared/messages/trials.js';
import { streams } from '../../shared/nats-names.js';
import type { NatsLink } from './link.js';

const waitAfterErrorMs = 1000;

/** There is something to train: the message is to be acknowledged or given back. */
export interface Announcement {
  readonly message: JsMsg;
}

/** A slot that waits for a trial. */
interface Waiting {
  readonly settle: (announced: Announcement | undefined) => void;
}

/**
 * Pulls from the stream TRIALS for the slots that wait, all of them with one request; slots that come while it is under
 * way are part of the next one. The coordinator makes stream and consumer, and may make them again, so their absence is
 * waited out.
 */
export class TrialSource {
  private readonly client: JetStreamClient;
  private readonly waiting: Waiting[] = [];
  private consumer: Consumer | undefined;
  private pulling = false;
  private endPull: (() => void) | undefined;
  private complained = false;

  /** @param expiresMs how long one request waits at the server; at least 1000 */
  constructor(
    private readonly link: NatsLink,
    private readonly logger: Logger,
    private readonly expiresMs = 5000,
  ) {
    this.client = link.connection.jetstream();
  }

  /**
   * Waits for a trial.
   * @returns undefined when none came this time, or the signal was aborted; the caller asks again
   */
  async next(signal: AbortSignal): Promise<Announcement | undefined> {
    await this.link.whenConnected(signal);
    if (signal.aborted) return undefined;
    return new Promise((resolve) => {
      const leave = (): void => {
        const place = this.waiting.indexOf(waiting);
        if (place >= 0) this.waiting.splice(place, 1);
        waiting.settle(undefined);
        // What the request would still bring is for others.
        if (this.waiting.length === 0) this.endPull?.();
      };
      const waiting: Waiting = {
        settle: (announced) => {
          signal.removeEventListener('abort', leave);
          resolve(announced);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(waiting);
      void this.pullForAll();
    });
  }

  /** Pulls for as long as slots wait. */
  private async pullForAll(): Promise<void> {
    if (this.pulling) return;
    this.pulling = true;
    // Slots that ask in the same turn share the request.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      try {
        const asked = this.waiting.length;
        const came = await this.pull(asked);
        if (this.complained) this.logger.info('trials can be pulled');
        this.complained = false;
        if (came < asked) this.settleAll();
      } catch (error) {
        this.consumer = undefined;
        if (!this.complained && this.link.connected) {
          this.logger.warn({ err: error }, 'waiting for the stream of trials; the coordinator makes it');
          this.complained = true;
        }
        await delay(waitAfterErrorMs);
        this.settleAll();
      }
    }
    this.pulling = false;
  }

  private settleAll(): void {
    for (const { settle } of this.waiting.splice(0)) settle(undefined);
  }

  /** @returns how many messages came */
  private async pull(most: number): Promise<number> {
    this.consumer ??= await this.client.consumers.get(streams.trials.name, streams.trials.consumer);
    const messages = await this.consumer.fetch({ max_messages: most, expires: this.expiresMs });
    this.endPull = () => void messages.close();
    if (this.waiting.length === 0) this.endPull();
    let came = 0;
    try {
      for await (const message of messages) {
        came += 1;
        // A request that is sent again after a reconnection can bring more than was asked for; there is no slot for it.
        if (this.waiting.length === 0) message.nak();
        else {
          const announced = this.read(message);
          if (announced !== undefined) this.waiting.shift()?.settle(announced);
        }
      }
      return came;
    } finally {
      this.endPull = undefined;
    }
  }

  /** A message that cannot be understood would come again for ever: the server is told to forget it. */
  private read(message: JsMsg): Announcement | undefined {
    let fault: unknown;
    try {
      const parsed = trialMessage.safeParse(message.json());
      if (parsed.success) return { message };
      fault = parsed.error;
    } catch (error) {
      fault = error;
    }
    this.logger.error(
      { err: fault, streamSequence: message.seq, subject: message.subject },
      'a message of the stream of trials cannot be understood and is thrown away',
    );
    message.term();
    return undefined;
  }
}
