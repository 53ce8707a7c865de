import type { Consumer, JetStreamClient, JsMsg } from 'nats';
import type { Logger } from '../../shared/log.js';
import { trialMessage } from '../../shared/messages/trials.js';
import { streams } from '../../shared/nats-names.js';
import type { NatsLink } from './link.js';
import { pause } from './pause.js';

const waitAfterErrorMs = 1000;

/** There is something to train: the message is to be acknowledged or given back. */
export interface Announcement {
  readonly message: JsMsg;
}

/**
 * Pulls from the stream TRIALS, one message a call. The coordinator makes stream and consumer, and may make them again,
 * so their absence is waited out.
 */
export class TrialSource {
  private readonly client: JetStreamClient;
  private consumer: Consumer | undefined;
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
    try {
      const message = await this.pull(signal);
      if (this.complained) this.logger.info('trials can be pulled');
      this.complained = false;
      return message === undefined ? undefined : this.read(message);
    } catch (error) {
      this.consumer = undefined;
      if (!this.complained && this.link.connected) {
        this.logger.warn({ err: error }, 'waiting for the stream of trials; the coordinator makes it');
        this.complained = true;
      }
      await pause(waitAfterErrorMs, signal);
      return undefined;
    }
  }

  private async pull(signal: AbortSignal): Promise<JsMsg | undefined> {
    this.consumer ??= await this.client.consumers.get(streams.trials.name, streams.trials.consumer);
    const messages = await this.consumer.fetch({ max_messages: 1, expires: this.expiresMs });
    const close = (): void => {
      void messages.close();
    };
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    try {
      let first: JsMsg | undefined;
      for await (const message of messages) {
        // A request that is sent again after a reconnection can bring a second one; there is no slot for it.
        if (first === undefined) first = message;
        else message.nak();
      }
      return first;
    } finally {
      signal.removeEventListener('abort', close);
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
