import type { JsMsg } from 'nats';
import { errorRecord, SigmasweepError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { Logger } from '../../shared/log.js';
import type { CommandResponse } from '../../shared/messages/commands.js';
import { callCommand } from '../../shared/nats/command-client.js';
import { metrics } from './metrics.js';
import type { NatsLink } from './link.js';
import { abortedWithin, pause } from './pause.js';

export type ClaimAnswer = CommandResponse<'claim'>;
export type GrantedTrial = Extract<ClaimAnswer, { granted: true }>;

/** What a claim says of its worker. */
export interface Claimant {
  readonly workerId: string;
  readonly softwareVersion: string;
  readonly backend: string;
  readonly device: string;
  /** Memory of the device, bytes, where it is known. */
  readonly memoryBytes?: number;
  readonly labels: string[];
  /** Names of the commands it may run. */
  readonly commands: string[];
}

/** Times in milliseconds. */
export interface ClaimTimes {
  /** How long one request waits for its answer. */
  readonly answer: number;
  /** How long the claim is tried again. A granted one whose answers were all lost ends with its lease by then. */
  readonly giveUp: number;
  /** How often the server is told that the message is being worked on; well below the consumer's ack wait. */
  readonly keepAlive: number;
  readonly betweenTries: number;
}

const defaultTimes: ClaimTimes = { answer: 5000, giveUp: 30_000, keepAlive: 3000, betweenTries: 500 };

/**
 * Asks the coordinator for a trial. The same claim is sent again while no answer comes: the coordinator may have granted
 * it already, and answers a claim it knows as before.
 * @param message kept from being delivered to others meanwhile
 * @param signal once aborted, an answer that is under way is still awaited, but nothing is sent again
 * @returns undefined when there is no answer: whoever pulls the message next asks again
 * @throws SigmasweepError VERSION_MISMATCH when the coordinator has become one of another version
 */
export async function claimTrial(
  link: NatsLink,
  message: Pick<JsMsg, 'working'>,
  claimant: Claimant,
  signal: AbortSignal,
  logger: Logger,
  times = defaultTimes,
): Promise<ClaimAnswer | undefined> {
  const request = { claimId: newId('claim'), ...claimant };
  const { claimId } = request;
  const { signal: timeUp, release } = abortedWithin(signal, times.giveUp);
  const keepAlive = setInterval(() => {
    if (link.connected) message.working();
  }, times.keepAlive);
  try {
    for (;;) {
      await link.whenConnected(timeUp);
      if (timeUp.aborted) return undefined;
      try {
        const since = performance.now();
        const answer = await callCommand(link.connection, 'claim', request, times.answer);
        metrics.claimSeconds.observe((performance.now() - since) / 1000);
        return answer;
      } catch (error) {
        const { code, message: text } = errorRecord(error);
        logger.warn({ claimId, code }, `the claim has no answer: ${text}`);
        if (!(error instanceof SigmasweepError)) {
          logger.error(
            { err: error, claimId },
            'the answer to a claim cannot be understood; are the versions the same?',
          );
        }
        if (code === 'VERSION_MISMATCH') throw error;
        // Whoever is there but cannot answer now will not a moment later.
        if (code !== 'COORDINATOR_UNREACHABLE') return undefined;
      }
      await pause(times.betweenTries, timeUp);
    }
  } finally {
    clearInterval(keepAlive);
    release();
  }
}
