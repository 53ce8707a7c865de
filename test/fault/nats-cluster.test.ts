import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../services/cli/stack/ports.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { checkpointBucket, streams } from '../../services/shared/nats-names.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { until } from '../helpers/deadline.js';
import { startNatsProcess, type NatsProcess } from '../helpers/nats-program.js';
import { startPostgres, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';
import { everything } from '../helpers/tiers.js';

const names = ['one', 'two', 'three'] as const;
const token = 'token-of-a-test';
const deadlineMs = 120_000;
const seeds = Array.from({ length: 12 }, (_, index) => index);

let folder: string;
let servers: Map<string, NatsProcess>;
let postgres: TestServer;
let client: NatsConnection;
let coordinator: CoordinatorProcess;
let worker: WorkerRig;

beforeAll(async () => {
  if (!everything) return;
  folder = mkdtempSync(join(tmpdir(), 'sigmasweep-cluster-'));
  const ports = await Promise.all(names.map(() => freePort()));
  const routes = await Promise.all(names.map(() => freePort()));
  const started = names.map(async (name, index) => {
    const config = `
      server_name: ${name}
      max_payload: 8MB
      authorization { token: "${token}" }
      jetstream { store_dir: "${join(folder, name)}" }
      cluster {
        name: test
        listen: "127.0.0.1:${String(routes[index])}"
        routes: [ ${routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')} ]
      }`;
    return [name, await startNatsProcess(join(folder, `${name}.conf`), ports[index] ?? 0, config)] as const;
  });
  servers = new Map(await Promise.all(started));
  postgres = await startPostgres();
  const natsUrl = ports.map((port) => `nats://${token}@127.0.0.1:${port}`).join(',');
  client = await connectNats(natsUrl, 'test');
  // Before the servers have found each other there is no JetStream.
  await until(async () => (await (await client.jetstreamManager()).getAccountInfo()).streams >= 0, {
    deadlineMs,
    what: 'the cluster to have a leader',
  });
  const settings = { SIGMASWEEP_NATS_REPLICAS: '3' };
  coordinator = await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl, settings });
  worker = WorkerRig.start(natsUrl, folder, { SIGMASWEEP_SLOTS: '2' });
  await worker.ready();
});
afterAll(async () => {
  if (!everything) return;
  await worker.end();
  await coordinator.end('SIGKILL');
  await client.close();
  await Promise.all([...servers.values()].map((server) => server.end('SIGKILL')));
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

const leaderOf = async (stream: string): Promise<string> => {
  const manager = await client.jetstreamManager();
  return (await manager.streams.info(stream)).cluster?.leader ?? '';
};

it.runIf(everything)(
  'a sweep completes although the server that leads its reports is killed in the middle of it',
  async () => {
    const manager = await client.jetstreamManager();
    for (const name of [streams.trials.name, streams.reports.name, `OBJ_${checkpointBucket}`]) {
      await until(async () => (await manager.streams.info(name)).config.num_replicas === 3, { deadlineMs, what: name });
    }
    const { sweepId } = await callCommand(client, 'submit', {
      idempotencyKey: 'cluster',
      spec: {
        name: 'cluster',
        workload: 'rehearsal',
        data: { secondsPerEpoch: 0.5 },
        tasks: ['semantic', 'depth'],
        grid: { points: [{ semantic: 1, depth: 1 }] },
        baselines: false,
        seeds,
        epochs: 5,
      },
    });
    const show = async () => (await callCommand(client, 'show', { sweepId }, 5000)).sweep;
    await until(async () => (await show()).counts.succeeded > 1, { deadlineMs, what: 'the first results' });
    const leader = await leaderOf(streams.reports.name);
    await servers.get(leader)?.end('SIGKILL');
    await until(async () => (await show()).state === 'completed', { deadlineMs, what: 'the sweep to complete' });
    const { counts } = await show();
    expect(counts).toMatchObject({ succeeded: seeds.length, failed: 0 });
    expect(await leaderOf(streams.reports.name)).not.toBe(leader);

    // The server that was lost comes back and is brought up to date.
    await servers.get(leader)?.start();
    await until(
      async () => {
        const { cluster } = await manager.streams.info(streams.reports.name);
        return cluster?.replicas?.length === 2 && cluster.replicas.every(({ current }) => current);
      },
      { deadlineMs, what: 'all replicas to be current' },
    );
  },
);
