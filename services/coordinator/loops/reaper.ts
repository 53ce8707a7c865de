import type { NatsConnection } from 'nats';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { readReportBacklog, type ReportBacklog } from '../../shared/nats/streams.js';
import { metrics } from '../metrics.js';
import { databaseTime } from '../store/clock.js';
import { reapLeases } from '../store/reap-leases.js';
import type { Effects } from './effects.js';
import { createLoop, type Loop } from './loop.js';
import { RecordedUpTo } from './recorded-up-to.js';
import type { ConnectionWatch } from './watch-connection.js';

const everyMs = 1_000;

/**
 * Ends attempts whose lease is over. Not before NATS has been up, and the stream of reports there, for as long as a
 * lease: workers that could not report either get the time to send what they could not. Not a lease that a report could
 * have extended which is not recorded yet.
 */
export function createReaper(
  database: Database,
  connection: NatsConnection,
  watch: ConnectionWatch,
  effects: Effects,
  leaseSeconds: number,
  logger: Logger,
): Loop {
  const recorded = new RecordedUpTo();
  const leaseMs = leaseSeconds * 1000;
  let streamSince: number | undefined;

  const readBacklog = async (): Promise<ReportBacklog> => {
    try {
      const backlog = await readReportBacklog(connection);
      streamSince ??= performance.now();
      return backlog;
    } catch (error) {
      streamSince = undefined;
      throw error;
    }
  };

  return createLoop({
    name: 'reaper',
    logger,
    everyMs,
    pass: async () => {
      // The clock first: what the stream holds afterwards includes everything that was there at that time.
      const now = await databaseTime(database);
      const upTo = recorded.observe({ databaseTime: now, ...(await readBacklog()) });
      const streamForMs = performance.now() - (streamSince ?? Infinity);
      if (upTo === undefined || Math.min(watch.upForMs(), streamForMs) < leaseMs) return 'done';
      const { sweepIds, lost, rung } = await reapLeases(database, upTo);
      for (const { trialId, attempt, workerId } of lost) logger.warn({ trialId, attempt, workerId }, 'a lease ended');
      metrics.leasesExpired.inc(lost.length);
      effects.stopAttempts(lost);
      effects.changed(sweepIds);
      if (rung) effects.ring();
      return lost.length > 0 ? 'again' : 'done';
    },
  });
}
