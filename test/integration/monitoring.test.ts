import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { until } from '../helpers/deadline.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';

const settings = { SIGMASWEEP_MONITORING_PORT: '0' };
const trials = 12;
let folder: string;
let postgres: TestServer;
let nats: TestServer;
let connection: NatsConnection;
let coordinator: CoordinatorProcess;
let worker: WorkerRig;
let ofCoordinator: string;
let ofWorker: string;

/** Values of a metric by their labels, without that of the service. */
async function valuesOf(url: string, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => {
        const [labels = '', value] = line.slice(name.length).split(/(?<=\}) /);
        return [labels.replace(/[{}]|,?service="\w+"/g, ''), Number(value)];
      }),
  );
}

async function ready(url: string): Promise<[number, string[]]> {
  const response = await fetch(`${url}/readyz`);
  const { faults } = (await response.json()) as { faults: string[] };
  return [response.status, faults];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigmasweep-monitoring-'));
  [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  connection = await connectNats(nats.url, 'test');
  coordinator = await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl: nats.url, settings });
  worker = WorkerRig.start(nats.url, folder, settings);
  ofWorker = (await worker.ready()).monitoring ?? '';
  ofCoordinator = String(coordinator.readyLine()['monitoring']);
});
afterAll(async () => {
  await worker.end();
  await coordinator.end('SIGKILL');
  await connection.close();
  await Promise.all([postgres.stop(), nats.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

it('counts what a sweep is made of, on both sides', async () => {
  const spec = {
    name: 'monitored',
    workload: 'rehearsal',
    tasks: ['semantic', 'depth'],
    grid: { points: [{ semantic: 1, depth: 1 }] },
    baselines: false,
    seeds: Array.from({ length: trials }, (_, index) => index),
    epochs: 4,
  };
  await callCommand(connection, 'submit', { spec, idempotencyKey: 'monitored' });
  const recorded = async () => (await valuesOf(ofWorker, 'sigmasweep_worker_attempts_total'))['end="succeeded"'] ?? 0;
  await until(async () => (await recorded()) === trials, { deadlineMs: 60_000, what: 'the sweep to end' });
  const open = () => valuesOf(ofCoordinator, 'sigmasweep_trials');
  await until(async () => (await open())['state="running"'] === 0, { deadlineMs: 30_000, what: 'the last report' });

  expect(await open()).toEqual({ 'state="queued"': 0, 'state="running"': 0 });
  expect(await valuesOf(ofCoordinator, 'sigmasweep_claims_total')).toEqual({ 'result="granted"': trials });
  expect(await valuesOf(ofCoordinator, 'sigmasweep_commands_total')).toEqual({
    'command="submit",code="ok"': 1,
    'command="claim",code="ok"': trials,
  });
  // Per trial: loss and two or three metrics of each task on validation, of four epochs, and the test metrics.
  const points = (await valuesOf(ofCoordinator, 'sigmasweep_points_recorded_total'))[''] ?? 0;
  expect(points).toBe(trials * (4 * (2 + 4) + 4));
  const lagged = (await valuesOf(ofCoordinator, 'sigmasweep_report_lag_seconds_count'))[''];
  expect(lagged).toBe((await valuesOf(ofCoordinator, 'sigmasweep_reports_recorded_total'))['']);
  expect(await valuesOf(ofCoordinator, 'sigmasweep_reports_waiting')).toEqual({ '': 0 });
  expect(await valuesOf(ofCoordinator, 'sigmasweep_rings_waiting')).toEqual({ '': 0 });
  expect(await valuesOf(ofWorker, 'sigmasweep_worker_slots')).toEqual({ '': 1 });
  expect(await valuesOf(ofWorker, 'sigmasweep_worker_claim_seconds_count')).toEqual({ '': trials });
  expect((await valuesOf(ofWorker, 'process_resident_memory_bytes'))['']).toBeGreaterThan(1e7);
});

it('is alive and not ready while a server is away', async () => {
  const statusOf = async (url: string, path: string) => (await fetch(`${url}${path}`)).status;
  expect(await Promise.all([ready(ofCoordinator), ready(ofWorker)])).toEqual([
    [200, []],
    [200, []],
  ]);
  expect(await statusOf(ofCoordinator, '/elsewhere')).toBe(404);
  await postgres.kill();
  await until(async () => (await ready(ofCoordinator))[0] === 503, {
    deadlineMs: 20_000,
    what: 'the missing database',
  });
  expect((await ready(ofCoordinator))[1]).toEqual([expect.stringContaining('postgres: ')]);
  expect(await valuesOf(ofCoordinator, 'sigmasweep_trials')).toEqual({});
  expect(await statusOf(ofCoordinator, '/healthz')).toBe(200);
  expect(await ready(ofWorker)).toEqual([200, []]);
  await postgres.restart();
  await nats.kill();
  for (const url of [ofCoordinator, ofWorker]) {
    await until(async () => (await ready(url))[0] === 503, { deadlineMs: 20_000, what: `${url} to miss NATS` });
    expect((await ready(url))[1]).toContain('nats: not connected');
  }
  await nats.restart();
  for (const url of [ofCoordinator, ofWorker]) {
    await until(async () => (await ready(url))[0] === 200, { deadlineMs: 20_000, what: `${url} to be ready again` });
  }
});
