import type { NatsConnection } from 'nats';
import { protocolVersion } from '../../shared/messages/common.js';
import type { ChangeMessage, ControlMessage } from '../../shared/messages/workers.js';
import { subjects } from '../../shared/nats-names.js';
import type { LostAttempt, RunningAttempt } from '../store/judge-reports.js';
import type { ConnectionWatch } from './watch-connection.js';

/** What is told to others after a commit. All of it may get lost: it is only faster than finding out. */
export interface Effects {
  /** Tells dashboards that something of these sweeps changed. */
  changed(sweepIds: Iterable<string>): void;
  /** Tells workers to stop attempts that may not write any more. */
  stopAttempts(attempts: readonly LostAttempt[]): void;
  /** Tells workers to hand attempts back, with a checkpoint. */
  handBack(attempts: readonly RunningAttempt[]): void;
  /** Lets the relay publish new outbox rows now. */
  ring(): void;
}

/** At most so often dashboards are told of the same sweep, in milliseconds. */
const noticeGapMs = 100;

/**
 * Publishes over core NATS. Of the notices for one sweep the first goes out at once, those that come within the gap
 * after it become one at its end.
 * @param watch while the connection is down nothing is published: it would pile up, and be old when it is sent
 * @param ring wakes the relay
 */
export function createEffects(
  connection: NatsConnection,
  watch: ConnectionWatch,
  ring: () => void,
): Effects & { close(): void } {
  const gaps = new Map<string, { readonly timer: NodeJS.Timeout; again: boolean }>();

  const publish = (subject: string, message: ChangeMessage | ControlMessage): void => {
    if (connection.isClosed() || connection.isDraining() || !watch.isUp()) return;
    connection.publish(subject, JSON.stringify(message));
  };

  const notice = (sweepId: string): void => {
    publish(subjects.changed(sweepId), { v: protocolVersion, sweepId });
    const timer = setTimeout(() => {
      const again = gaps.get(sweepId)?.again === true;
      gaps.delete(sweepId);
      if (again) notice(sweepId);
    }, noticeGapMs);
    gaps.set(sweepId, { timer, again: false });
  };

  return {
    changed: (sweepIds) => {
      for (const sweepId of sweepIds) {
        const gap = gaps.get(sweepId);
        if (gap === undefined) notice(sweepId);
        else gap.again = true;
      }
    },
    stopAttempts: (attempts) => {
      for (const { workerId, trialId, attempt, reason } of attempts) {
        publish(subjects.control(workerId), { v: protocolVersion, action: 'stop', trialId, attempt, reason });
      }
    },
    handBack: (attempts) => {
      for (const { workerId, trialId, attempt } of attempts) {
        const body: ControlMessage = { v: protocolVersion, action: 'hand-back', trialId, attempt, reason: 'paused' };
        publish(subjects.control(workerId), body);
      }
    },
    ring,
    close: () => {
      for (const [sweepId, { timer, again }] of gaps) {
        clearTimeout(timer);
        if (again) publish(subjects.changed(sweepId), { v: protocolVersion, sweepId });
      }
      gaps.clear();
    },
  };
}
