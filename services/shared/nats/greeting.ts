import { ErrorCode, NatsError, type NatsConnection } from 'nats';
import { z } from 'zod';
import { SigmasweepError } from '../errors.js';
import { subjects } from '../nats-names.js';
import { ownVersions, versionsFit, type Versions } from '../versions.js';

/** Lenient on purpose: later versions may say more. */
const greeting = z.object({ software: z.string().max(50), protocol: z.int() });

/** How long a coordinator has to answer, in milliseconds. */
const patienceMs = 3000;

/** Answers whoever asks which version runs here, also those whose other messages are not understood. */
export function answerGreetings(connection: NatsConnection): () => Promise<void> {
  const subscription = connection.subscribe(subjects.greeting, {
    queue: 'coordinator',
    callback: (error, message) => {
      if (error === null) message.respond(JSON.stringify(ownVersions));
    },
  });
  return () => subscription.drain();
}

/**
 * The versions of the coordinator on a server; undefined where none answers, one from before there were greetings, or
 * where the server's configuration is from before and allows none.
 */
export async function greetCoordinator(connection: NatsConnection): Promise<Versions | undefined> {
  try {
    const answer = await connection.request(subjects.greeting, '', { timeout: patienceMs });
    return greeting.safeParse(answer.json()).data;
  } catch (error) {
    const silent: readonly string[] = [ErrorCode.NoResponders, ErrorCode.Timeout, ErrorCode.PermissionsViolation];
    if (error instanceof NatsError && silent.includes(error.code)) return undefined;
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The error of a part that does not fit the coordinator. @param part what it is, as a sentence begins with it */
export function versionMismatch(part: string, own: Versions, coordinator: Versions): SigmasweepError {
  const words = ({ software, protocol }: Versions): string => `${software} (protocol ${String(protocol)})`;
  return new SigmasweepError(
    'VERSION_MISMATCH',
    `${part} is sigmasweep ${words(own)}, the coordinator is ${words(coordinator)}; major and minor version have to be the same.`,
    {
      hint: 'Install the same version on every machine; trials that are cut short by that go on from their checkpoints.',
    },
  );
}

/**
 * Makes sure that the coordinator, if one is there, is of a version that fits this one.
 * @throws SigmasweepError VERSION_MISMATCH
 */
export async function requireFittingCoordinator(connection: NatsConnection, part: string): Promise<void> {
  const coordinator = await greetCoordinator(connection);
  if (coordinator !== undefined && !versionsFit(ownVersions, coordinator)) {
    throw versionMismatch(part, ownVersions, coordinator);
  }
}
