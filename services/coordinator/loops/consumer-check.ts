import type { ConsumerStanding } from '../../shared/nats/streams.js';

/** Longer than a message is delivered again after (ack wait) and worked on, in milliseconds. */
const defaultPatienceMs = 20_000;

export type ConsumerFault = 'left-behind' | 'stalled' | 'miscounted';

/** What is expected of the consumer of a stream. */
export interface CheckOptions {
  /** Whether everything that is delivered is soon done with. Rings may be handed from worker to worker for days. */
  readonly prompt: boolean;
  /** How long a standing must last to be a fault, in milliseconds. */
  readonly patienceMs?: number;
}

interface Look {
  readonly atMs: number;
  readonly standing: ConsumerStanding;
}

/**
 * Finds a durable consumer that no longer fits its stream. nats-server writes both to disk at their own times; when it is
 * killed (seen with 2.9.10, kill -9) messages that were acknowledged are in the stream again and are never delivered, and
 * the consumer waits for the acknowledgement of messages that are gone.
 *
 * One look says nothing: each is compared with the newest one that is `patienceMs` older.
 */
export class ConsumerCheck {
  #looks: Look[] = [];

  constructor(private readonly options: CheckOptions) {}

  /** Begins anew: what stood still meanwhile did so for another reason. */
  forget(): void {
    this.#looks = [];
  }

  /**
   * @param atMs a clock that only goes forwards
   * @returns what is wrong; the next look begins anew
   */
  observe(atMs: number, standing: ConsumerStanding): ConsumerFault | undefined {
    const { prompt, patienceMs = defaultPatienceMs } = this.options;
    const last = this.#looks.at(-1);
    // Without the first condition nothing can be compared; without the second, only what stays as it is is wrong.
    if (last !== undefined && (isAnother(standing, last.standing) || (!prompt && !isStill(standing, last.standing)))) {
      this.#looks = [];
    }
    this.#looks.push({ atMs, standing });
    const isOld = (look: Look | undefined): look is Look => look !== undefined && atMs - look.atMs >= patienceMs;
    while (isOld(this.#looks[1])) this.#looks.shift();
    const [before] = this.#looks;
    if (!isOld(before)) return undefined;
    const fault = faultOf(standing, before.standing, this.options);
    if (fault !== undefined) this.#looks = [];
    return fault;
  }
}

/** The stream or its consumer was made anew: everything in it is delivered again. */
function isAnother(now: ConsumerStanding, before: ConsumerStanding): boolean {
  return now.created !== before.created || now.newest < before.newest || now.delivered < before.delivered;
}

function isStill(now: ConsumerStanding, before: ConsumerStanding): boolean {
  return now.newest === before.newest && now.delivered === before.delivered && now.messages === before.messages;
}

function faultOf(now: ConsumerStanding, before: ConsumerStanding, { prompt }: CheckOptions): ConsumerFault | undefined {
  if (prompt && now.messages > 0 && now.oldest <= before.delivered) return 'left-behind';
  // Somebody waits for messages, there are some, and none is delivered.
  if (now.undelivered > 0 && now.waiting > 0 && now.delivered === before.delivered) return 'stalled';
  const { messages, undelivered, unacknowledged } = now;
  if (isStill(now, before) && undelivered === 0 && messages !== unacknowledged) return 'miscounted';
  return undefined;
}
