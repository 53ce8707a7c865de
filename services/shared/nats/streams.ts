import {
  AckPolicy,
  DiscardPolicy,
  ErrorCode,
  nanos,
  NatsError,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type NatsConnection,
  type StreamConfig,
} from 'nats';
import { SigmasweepError } from '../errors.js';
import { streams } from '../nats-names.js';

/** What the streams may hold. A full stream refuses, so that its writers wait: nothing is dropped. */
export interface StreamLimits {
  /** Rings for queued trials, 200 bytes or so each. */
  readonly trialBytes: number;
  /** Reports that wait for the recorder while PostgreSQL is away; pictures are most of them. */
  readonly reportBytes: number;
  /** One report; bigger ones are refused by the server. */
  readonly reportMessageBytes: number;
  /** Servers of a cluster that each keep a copy: with 3, one of them may be lost. */
  readonly replicas: number;
}

export const defaultStreamLimits: StreamLimits = {
  trialBytes: 64 * 1024 * 1024,
  reportBytes: 512 * 1024 * 1024,
  reportMessageBytes: 4 * 1024 * 1024,
  replicas: 1,
};

/** How long the worker that pulled a ring may take to claim it before another worker gets it, in seconds. */
const claimWithinSeconds = 30;
/**
 * How long a recorder that died keeps others from the reports it had pulled, in seconds. A living one says more often
 * that it still works on them.
 */
const recordWithinSeconds = 10;
/** A message with the id of an earlier one is dropped for this long, in seconds. */
const duplicateWindowSeconds = 120;

interface Wanted {
  readonly stream: Partial<StreamConfig> & { readonly name: string };
  readonly consumer: Partial<ConsumerConfig> & { readonly durable_name: string };
}

function wantedStreams(limits: StreamLimits): Wanted[] {
  const common = {
    // Messages leave the stream when they are acknowledged, so what is in it is what still has to be done.
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: nanos(duplicateWindowSeconds * 1000),
    num_replicas: limits.replicas,
  };
  return [
    {
      stream: {
        ...common,
        name: streams.trials.name,
        subjects: [...streams.trials.subjects],
        max_bytes: limits.trialBytes,
        max_msg_size: 4096,
      },
      consumer: {
        durable_name: streams.trials.consumer,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(claimWithinSeconds * 1000),
        // One for each free slot while its worker claims, and one waiting pull for each idle slot.
        max_ack_pending: 10_000,
        max_waiting: 10_000,
        max_deliver: -1,
      },
    },
    {
      stream: {
        ...common,
        name: streams.reports.name,
        subjects: [...streams.reports.subjects],
        max_bytes: limits.reportBytes,
        max_msg_size: limits.reportMessageBytes,
      },
      consumer: {
        durable_name: streams.reports.consumer,
        ack_policy: AckPolicy.Explicit,
        ack_wait: nanos(recordWithinSeconds * 1000),
        max_ack_pending: 10_000,
        max_deliver: -1,
      },
    },
  ];
}

function isMissing(error: unknown): boolean {
  return error instanceof NatsError && error.code === (ErrorCode.JetStream404NoMessages as string);
}

async function ensureStream(manager: JetStreamManager, wanted: Wanted['stream']): Promise<boolean> {
  try {
    const { config } = await manager.streams.info(wanted.name);
    const changed = (['max_bytes', 'max_msg_size', 'discard', 'duplicate_window', 'num_replicas'] as const).filter(
      (key) => config[key] !== wanted[key],
    );
    if (changed.length > 0) await manager.streams.update(wanted.name, wanted);
    return false;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  // Adding what another coordinator has just added with the same configuration is no error.
  await manager.streams.add(wanted);
  return true;
}

async function ensureConsumer(manager: JetStreamManager, stream: string, wanted: Wanted['consumer']): Promise<boolean> {
  try {
    const { config } = await manager.consumers.info(stream, wanted.durable_name);
    if (config.ack_wait !== wanted.ack_wait || config.max_ack_pending !== wanted.max_ack_pending) {
      await manager.consumers.update(stream, wanted.durable_name, wanted);
    }
    return false;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await manager.consumers.add(stream, wanted);
  return true;
}

/**
 * Makes the streams TRIALS and REPORTS with their durable consumers where they are missing, and brings changed limits
 * up to date. May be called by several coordinators at once and at any time.
 * @returns names of the streams that had to be made
 * @throws SigmasweepError STREAMS_UNAVAILABLE when the server has no JetStream, or too little room for the streams
 */
export async function ensureStreams(
  connection: NatsConnection,
  limits: StreamLimits = defaultStreamLimits,
): Promise<string[]> {
  try {
    const manager = await connection.jetstreamManager();
    const made: string[] = [];
    for (const { stream, consumer } of wantedStreams(limits)) {
      if (await ensureStream(manager, stream)) made.push(stream.name);
      await ensureConsumer(manager, stream.name, consumer);
    }
    return made;
  } catch (cause) {
    throw new SigmasweepError('STREAMS_UNAVAILABLE', `The JetStream streams cannot be made: ${String(cause)}`, {
      hint:
        'nats-server needs JetStream (nats-server -js) and room in its store folder for ' +
        `${String(Math.ceil((limits.trialBytes + limits.reportBytes) / 2 ** 20))} MiB` +
        (limits.replicas > 1
          ? `, on each of ${limits.replicas} servers of a cluster (SIGMASWEEP_NATS_REPLICAS).`
          : '.'),
      cause,
    });
  }
}

/** These are asked every second or so; that there is a JetStream was found out when the streams were made. */
const unchecked = { checkAPI: false } as const;

/** How many rings wait in the stream TRIALS, those included that a worker holds and has not claimed yet. */
export async function countRings(connection: NatsConnection): Promise<number> {
  const manager = await connection.jetstreamManager(unchecked);
  return (await manager.streams.info(streams.trials.name)).state.messages;
}

/** How far the recorder is with the stream REPORTS. */
export interface ReportBacklog {
  /** Messages that are not recorded yet. */
  readonly messages: number;
  /** Number of the newest message. */
  readonly newest: number;
  /** Every message up to this number is recorded. */
  readonly recordedUpTo: number;
}

/**
 * Messages leave the stream when they are acknowledged, so all before the oldest are recorded. The consumer's own word
 * for it, its ack floor, can stand still for ever after a crash of the server.
 */
export async function readReportBacklog(connection: NatsConnection): Promise<ReportBacklog> {
  const manager = await connection.jetstreamManager(unchecked);
  const { state } = await manager.streams.info(streams.reports.name);
  return { messages: state.messages, newest: state.last_seq, recordedUpTo: state.first_seq - 1 };
}

export type StreamKind = keyof typeof streams;

/** Where a stream and its durable consumer are. */
export interface ConsumerStanding {
  /** When the consumer was made, which tells it from one that was made anew. */
  readonly created: string;
  readonly messages: number;
  /** Numbers of the oldest and the newest message of the stream. */
  readonly oldest: number;
  readonly newest: number;
  /** Number of the last message that was delivered. */
  readonly delivered: number;
  /** Messages that were never delivered. */
  readonly undelivered: number;
  /** Messages whose acknowledgement is waited for. */
  readonly unacknowledged: number;
  /** Requests for messages that wait. */
  readonly waiting: number;
}

export async function readConsumerStanding(connection: NatsConnection, kind: StreamKind): Promise<ConsumerStanding> {
  const manager = await connection.jetstreamManager(unchecked);
  const { name, consumer } = streams[kind];
  const { state } = await manager.streams.info(name);
  const info = await manager.consumers.info(name, consumer);
  return {
    created: info.created,
    messages: state.messages,
    oldest: state.first_seq,
    newest: state.last_seq,
    delivered: info.delivered.stream_seq,
    undelivered: info.num_pending,
    unacknowledged: info.num_ack_pending,
    waiting: info.num_waiting,
  };
}

/** Deletes a stream's consumer and makes it again: it delivers whatever is in the stream. Readers ask again by themselves. */
export async function makeConsumerAnew(connection: NatsConnection, kind: StreamKind): Promise<void> {
  const manager = await connection.jetstreamManager(unchecked);
  const wanted = wantedStreams(defaultStreamLimits).find(({ stream }) => stream.name === streams[kind].name);
  if (wanted === undefined) throw new Error(`there is no stream for ${kind}`);
  await manager.consumers.delete(wanted.stream.name, wanted.consumer.durable_name);
  await ensureConsumer(manager, wanted.stream.name, wanted.consumer);
}
