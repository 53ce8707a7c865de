import { ErrorCode, NatsError, type JetStreamClient } from 'nats';
import { subjects } from '../../../shared/nats-names.js';
import type { NatsLink } from '../link.js';

/** The server takes no message of this size; sending it again would not help. */
export class ReportTooLarge extends Error {}

/** Where reports go. */
export interface ReportSink {
  /** Most bytes of one message's body. */
  mostBytes(): number;
  /** Resolves once sending has a chance, or when the signal is aborted. */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when the message is stored.
   * @param messageId a message that was stored under it already is not stored again
   * @throws ReportTooLarge; anything else may pass by waiting
   */
  send(trialId: string, messageId: string, body: string): Promise<void>;
}

/** Subject, header and message id share the server's limit with the body. */
const envelopeBytes = 4096;
const acknowledgedWithinMs = 5000;
const payloadTooLarge: string = ErrorCode.MaxPayloadExceeded;
/** JetStream's error for a message above the stream's own limit. */
const streamMessageTooLarge = 10_054;

/** The stream REPORTS. */
export class ReportStream implements ReportSink {
  private readonly client: JetStreamClient;

  constructor(private readonly link: NatsLink) {
    this.client = link.connection.jetstream({ timeout: acknowledgedWithinMs });
  }

  mostBytes(): number {
    return (this.link.connection.info?.max_payload ?? 1024 ** 2) - envelopeBytes;
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.link.whenConnected(signal);
  }

  async send(trialId: string, messageId: string, body: string): Promise<void> {
    try {
      await this.client.publish(subjects.report(trialId), body, { msgID: messageId });
    } catch (error) {
      if (isTooLarge(error)) throw new ReportTooLarge('the server refuses a message of this size', { cause: error });
      throw error;
    }
  }
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof NatsError)) return false;
  return error.code === payloadTooLarge || error.api_error?.err_code === streamMessageTooLarge;
}
