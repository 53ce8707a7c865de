import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase, type Database } from '../../services/shared/db/connect.js';
import { answer, commands, type CommandName } from '../../services/shared/messages/commands.js';
import { reportMessage, type ReportItem } from '../../services/shared/messages/reports.js';
import { streams, subjects } from '../../services/shared/nats-names.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../helpers/coordinator-process.js';
import { metricItem, reportOf } from '../helpers/coordinator-rig.js';
import { until } from '../helpers/deadline.js';
import { edited, editedText, edits, fuzzBudget, textEdits } from '../helpers/fuzz.js';
import { startNats, startPostgres, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';

let servers: TestServer[] = [];
let folder: string;
let database: Database;
let client: NatsConnection;
let coordinator: CoordinatorProcess;
let worker: WorkerRig;
let workerId: string;
/** A sweep that no worker here takes, and one of its trials. */
let sweepId: string;
let trialId: string;

const rehearsal = {
  name: 'fuzzed',
  workload: 'rehearsal',
  tasks: ['semantic', 'depth'],
  grid: { points: [{ semantic: 1, depth: 1 }] },
  seeds: [1],
  epochs: 2,
};
const nobodyHasIt = {
  ...rehearsal,
  workload: 'command',
  data: {
    command: 'nobody-has-it',
    tasks: {
      semantic: { kind: 'segmentation', label: 'Classes' },
      depth: { metrics: [{ name: 'rmse', label: 'RMSE', better: 'lower' }] },
    },
  },
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sigmasweep-fuzz-'));
  servers = await Promise.all([startPostgres(), startNats()]);
  const [postgres, nats] = servers as [TestServer, TestServer];
  coordinator = await startCoordinatorProcess({ databaseUrl: postgres.url, natsUrl: nats.url, leaseSeconds: 3600 });
  worker = WorkerRig.start(nats.url, folder);
  ({ workerId } = await worker.ready());
  database = connectDatabase(postgres.url, 4);
  client = await connectNats(nats.url, 'fuzz');
  ({ sweepId } = await callCommand(client, 'submit', { spec: nobodyHasIt, idempotencyKey: 'base' }));
  trialId = (await callCommand(client, 'show', { sweepId })).trials[0]?.trialId ?? '';
});
afterAll(async () => {
  await worker.end();
  await client.close();
  await database.$disconnect();
  await coordinator.end('SIGTERM');
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const utf8 = new TextEncoder();
const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json({ maxDepth: 3 }).map((text) => utf8.encode(text)),
  fc
    .constantFrom('', '{}', 'null', '[]', '{"v":1}', '{"v":"1"}', '{"__proto__":{"v":1}}', '['.repeat(100_000))
    .map((text) => utf8.encode(text)),
);

/** Bytes near a message that is meant well: itself, changed as a document or as a text, of another version, or nothing like it. */
function near(message: object): fc.Arbitrary<Uint8Array> {
  const text = JSON.stringify(message);
  return fc.oneof(
    { weight: 6, arbitrary: edits.map((changes) => utf8.encode(JSON.stringify(edited(message, changes)))) },
    { weight: 2, arbitrary: textEdits.map((changes) => utf8.encode(editedText(text, changes))) },
    { weight: 1, arbitrary: fc.integer().map((v) => utf8.encode(JSON.stringify({ ...message, v }))) },
    { weight: 1, arbitrary: fc.constant(utf8.encode(text)) },
    { weight: 1, arbitrary: fc.constantFrom(20_000, 900_000).map((pad) => utf8.encode(text + ' '.repeat(pad))) },
    { weight: 2, arbitrary: garbage },
  );
}

/** A well-meant request of every command. */
const requests = (): { readonly [Name in CommandName]: object } => ({
  submit: { v: 1, spec: nobodyHasIt, idempotencyKey: 'fuzz' },
  list: { v: 1, limit: 5 },
  show: { v: 1, sweepId },
  results: { v: 1, sweepId },
  cancel: { v: 1, trialId, by: { via: 'cli', name: 'fuzz' } },
  retry: { v: 1, sweepId, by: { via: 'api', role: 'operate', address: '::1' } },
  pause: { v: 1, trialId, now: true },
  resume: { v: 1, sweepId },
  schedule: { v: 1, sweepId, priority: 3, share: 2, maxRunning: null, budgetTrials: 5, budgetHours: 0.5 },
  queue: { v: 1, sweepId },
  workloads: { v: 1 },
  annotate: { v: 1, sweepId, notes: 'noted', tags: ['a', 'b'] },
  archive: { v: 1, sweepId, archived: true },
  delete: { v: 1, sweepId: 'sweep-not-there' },
  access: { v: 1, event: 'login' },
  claim: {
    v: 1,
    workerId: 'worker-fuzz',
    claimId: 'claim-fuzz',
    backend: 'wasm',
    device: 'a fuzz',
    commands: ['nobody-has-it'],
  },
});

const isWell = (): void => {
  expect(coordinator.isRunning(), coordinator.log()).toBe(true);
  expect(worker.process.exitCode, worker.log).toBeNull();
};

const hash = 'a'.repeat(64);
const at = new Date(0).toISOString();
/** A well-meant item of every kind. */
const items: { readonly [Kind in ReportItem['type']]: Extract<ReportItem, { type: Kind }> } = {
  metrics: metricItem(1) as Extract<ReportItem, { type: 'metrics' }>,
  log: { type: 'log', lines: [{ seq: 0, at, level: 'info', text: 'a line' }] },
  picture: { type: 'picture', epoch: 1, sample: 0, task: 'depth', kind: 'truth', png: 'iVBORw0KGgo=' },
  heartbeat: { type: 'heartbeat', step: 1, steps: 10 },
  checkpoint: {
    type: 'checkpoint',
    step: 1,
    epoch: 0,
    bytes: 10,
    sha256: hash,
    object: 'trial-1.1.10.x',
    final: false,
  },
  resumed: { type: 'resumed', attempt: 1, step: 1 },
  succeeded: { type: 'succeeded' },
  failed: { type: 'failed', error: { code: 'FUZZED', message: 'because' }, retryable: true },
  'handed-back': { type: 'handed-back', reason: 'because' },
};

describe('fuzz: the coordinator and a worker go on whatever they are sent', () => {
  it('every command is answered, and never with an error of the coordinator’s own', async () => {
    const names = Object.keys(commands) as CommandName[];
    const request = fc.constantFrom(...names).chain((name) => fc.tuple(fc.constant(name), near(requests()[name])));
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(request, async ([name, bytes]) => {
        const reply = await client.request(subjects.command(name), bytes, { timeout: 30_000 });
        const parsed = answer.parse(reply.json());
        outcomes.add(parsed.ok ? 'done' : parsed.error.code);
        if (!parsed.ok) expect(parsed.error.code, `${name}: ${parsed.error.message}`).toMatch(/^(?!INTERNAL)[A-Z_]+$/);
      }),
      fuzzBudget(250),
    );
    expect([...outcomes]).toEqual(expect.arrayContaining(['done', 'REQUEST_INVALID', 'REQUEST_TOO_LARGE']));
    isWell();
  });

  it('reports that cannot be understood are dead letters, and those beside them are recorded', async () => {
    const report = fc
      .constantFrom(...Object.values(items))
      .chain((item) => near(reportOf({ trialId, attempt: 1, workerId: 'worker-fuzz' }, metricItem(1), item)));
    const isReport = (bytes: Uint8Array): boolean => {
      try {
        return reportMessage.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).success;
      } catch {
        return false;
      }
    };
    const manager = await client.jetstreamManager();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(report, { minLength: 5, maxLength: 30 }), async (batch) => {
        round += 1;
        // A command of its own, so that the claim gets this trial and no other.
        const command = `good-${round}`;
        const { sweepId: fresh } = await callCommand(client, 'submit', {
          spec: { ...nobodyHasIt, data: { ...nobodyHasIt.data, command } },
          idempotencyKey: command,
        });
        const worker = { workerId: 'worker-good', backend: 'wasm', device: 'a fuzz' };
        const claimed = await callCommand(client, 'claim', { ...worker, claimId: command, commands: [command] });
        if (!claimed.granted) throw new Error(claimed.reason);
        const { trialId: good } = claimed;
        const before = await database.deadLetter.count();
        for (const bytes of batch) await client.jetstream().publish(subjects.report(trialId), bytes);
        const last = reportOf({ trialId: good, attempt: 1, workerId: 'worker-good' }, metricItem(1), {
          type: 'succeeded',
        });
        await client.jetstream().publish(subjects.report(good), JSON.stringify(last));
        await until(async () => (await manager.streams.info(streams.reports.name)).state.messages === 0, {
          deadlineMs: 60_000,
          what: 'the reports to be settled',
        });
        const { counts } = (await callCommand(client, 'show', { sweepId: fresh })).sweep;
        expect(counts.succeeded).toBe(1);
        const unreadable = batch.filter((bytes) => !isReport(bytes)).length;
        expect((await database.deadLetter.count()) - before).toBeGreaterThanOrEqual(unreadable);
        isWell();
      }),
      fuzzBudget(6),
    );
  });

  it('rings, control messages, presence and change notices: a sweep is trained, and workers are seen', async () => {
    const presence = {
      v: 1,
      workerId: 'worker-fuzz',
      name: 'fuzz',
      host: 'fuzz',
      pid: 1,
      softwareVersion: '0.1.0',
      backend: 'wasm',
      backendReason: 'chosen',
      device: 'a fuzz',
      driver: '1',
      memoryBytes: 1,
      threads: 1,
      slots: 1,
      trials: [trialId],
      state: 'running',
    };
    const sent = fc.oneof(
      near(presence).map((bytes) => [subjects.presence, bytes] as const),
      near({ v: 1, action: 'stop', trialId, attempt: 1, reason: 'cancelled' }).map(
        (bytes) => [subjects.control(workerId), bytes] as const,
      ),
      near({ v: 1, sweepId }).map((bytes) => [subjects.changed(sweepId), bytes] as const),
      near({ v: 1, sweepId, trialId }).map((bytes) => [subjects.trial(sweepId), bytes] as const),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 20, maxLength: 60 }), async (batch) => {
        round += 1;
        for (const [subject, bytes] of batch) client.publish(subject, bytes);
        const here = `worker-here-${round}`;
        client.publish(subjects.presence, JSON.stringify({ ...presence, workerId: here }));
        const { sweepId: fresh } = await callCommand(client, 'submit', {
          spec: { ...rehearsal, name: here },
          idempotencyKey: here,
        });
        await until(async () => (await database.worker.count({ where: { id: here } })) === 1, {
          deadlineMs: 30_000,
          what: 'the worker to be written down',
        });
        await until(async () => (await callCommand(client, 'show', { sweepId: fresh })).sweep.state === 'completed', {
          deadlineMs: 60_000,
          what: 'the sweep to be trained',
        });
        isWell();
      }),
      fuzzBudget(3),
    );
  });
});
