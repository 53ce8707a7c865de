import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCoordinator, type Coordinator } from '../../services/coordinator/coordinator.js';
import { applyMigrations } from '../../services/coordinator/store/apply-migrations.js';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { createLogger } from '../../services/shared/log.js';
import { streams } from '../../services/shared/nats-names.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { defaultStreamLimits, ensureStreams } from '../../services/shared/nats/streams.js';
import { claimRequest, submitTrials } from '../helpers/coordinator-rig.js';
import { until } from '../helpers/deadline.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';

let servers: TestServer[] = [];
let database: Database;
let connection: NatsConnection;
let coordinator: Coordinator | undefined;

beforeAll(async () => {
  const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  servers = [postgres, nats];
  await applyMigrations(postgres.url);
  database = connectDatabase(postgres.url, 14);
  connection = await connectNats(nats.url, 'test');
});
afterAll(async () => {
  await coordinator?.stop();
  await connection.close();
  await database.$disconnect();
  await Promise.all(servers.map((server) => server.stop()));
});

it('a full stream makes the outbox wait, and every trial is dispatched once there is room', async () => {
  // Room for a few dozen rings only.
  const limits = { ...defaultStreamLimits, trialBytes: 12_000 };
  await ensureStreams(connection);
  const logger = createLogger('coordinator', 'silent');
  const { sweepId, trialIds } = await submitTrials(database, 200);
  const { labels } = await database.schedule.findUniqueOrThrow({ where: { sweepId } });
  coordinator = await startCoordinator({ database, connection, logger, leaseSeconds: 60, limits });
  const manager = await connection.jetstreamManager();
  const { config } = await manager.streams.info(streams.trials.name);
  expect(config.max_bytes).toBe(12_000);
  const sent = () => database.outbox.count({ where: { sweepId, sentAt: { not: null } } });
  await until(async () => (await sent()) > 0, { deadlineMs: 20_000, what: 'the first rings' });

  const consumer = await connection.jetstream().consumers.get(streams.trials.name, streams.trials.consumer);
  const claimed: string[] = [];
  const seenFull: number[] = [];
  await until(
    async () => {
      seenFull.push((await manager.streams.info(streams.trials.name)).state.bytes);
      for await (const message of await consumer.fetch({ max_messages: 40, expires: 1_000 })) {
        const answer = await callCommand(connection, 'claim', claimRequest({ labels }));
        message.ack();
        if (answer.granted) claimed.push(answer.trialId);
      }
      return claimed.length >= trialIds.length;
    },
    { deadlineMs: 90_000, what: 'all trials to be claimed' },
  );
  expect(claimed.sort()).toEqual([...trialIds].sort());
  expect(Math.max(...seenFull)).toBeGreaterThan(8_000);
  expect(Math.max(...seenFull)).toBeLessThanOrEqual(12_000);
});
