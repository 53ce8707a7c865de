import { streams } from '../../../services/shared/nats-names.js';
import { withClient } from './history.js';
import type { FaultRig } from './rig.js';

async function openOf(rig: FaultRig): Promise<string[]> {
  return withClient(rig.postgres.url, async (client) => {
    const { rows } = await client.query(
      `SELECT t.id, t.state, t.attempt, t.failures, t.worker_id, now() - t.lease_until AS over_for,
         (SELECT count(*) FROM outbox o WHERE o.trial_id = t.id AND o.sent_at IS NULL)::int AS unsent,
         (SELECT now() - max(sent_at) FROM outbox o WHERE o.trial_id = t.id) AS rung_before
       FROM trial t WHERE t.state IN ('waiting', 'queued', 'running') ORDER BY t.id LIMIT 50`,
    );
    return rows.map((row) => JSON.stringify(row));
  });
}

async function streamsOf(rig: FaultRig): Promise<string[]> {
  const manager = await rig.client.jetstreamManager();
  const lines = Object.values(streams).map(async ({ name, consumer }) => {
    const { state } = await manager.streams.info(name);
    const info = await manager.consumers.info(name, consumer);
    const { delivered, ack_floor, num_ack_pending, num_redelivered, num_waiting, num_pending } = info;
    const own = { delivered, ack_floor, num_ack_pending, num_redelivered, num_waiting, num_pending };
    return [`${name}: ${JSON.stringify(state)}`, `  ${consumer}: ${JSON.stringify(own)}`];
  });
  return (await Promise.all(lines)).flat();
}

/** What is open, with its leases and rings, and where the streams and consumers are. */
export async function diagnose(rig: FaultRig): Promise<string> {
  const parts = [openOf(rig), streamsOf(rig)].map((part) => part.catch((error: unknown) => [String(error)]));
  return (await Promise.all(parts)).flat().join('\n');
}
