/**
 * Points of running trials, published to the stream REPORTS by two processes as fast as it takes them, until
 * PostgreSQL has them: how many a second are recorded for half a minute on end, and what the recorder's heap holds before and after.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { newId } from '../services/shared/ids.js';
import { callCommand } from '../services/shared/nats/command-client.js';
import { readReportBacklog } from '../services/shared/nats/streams.js';
import { packageRoot } from '../services/shared/version.js';
import { until } from '../test/helpers/deadline.js';
import type { IngestTask } from './orchestration/publisher.js';
import {
  countProcessorTime,
  forkBench,
  submitTrials,
  untilReady,
  withOrchestrator,
  type Orchestrator,
} from './orchestration/orchestrator.js';
import type { BenchRecord } from './record.js';

const trials = 100;
/** An epoch of three tasks has about as many: losses, weights and variances, and the validation's metrics. */
const pointsOfReport = 30;
const publishers = 2;
const measured = Number(process.env['SIGMASWEEP_BENCH_SECONDS'] ?? 30);
const seconds = { warmUp: Math.min(10, measured), measured };
const mebibyte = 2 ** 20;

interface Heap {
  readonly heapUsed: number;
  readonly rss: number;
}

async function heapOf(pid: number, file: string): Promise<Heap> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('}'), {
    deadlineMs: 30_000,
    what: 'the coordinator to tell of its heap',
  });
  return JSON.parse(readFileSync(file, 'utf8')) as Heap;
}

/** Publishes for so long and waits until all of it is recorded. */
async function publish(
  orchestrator: Orchestrator,
  tasks: readonly IngestTask[],
): Promise<{ points: number; seconds: number; processor: Readonly<Record<string, number>> }> {
  const { natsUrl, connection, client } = orchestrator;
  const count = async (): Promise<number> =>
    (await client.query<{ count: number }>('SELECT count(*)::int AS count FROM metric')).rows[0]?.count ?? 0;
  const before = await count();
  const processes = tasks.map((task) =>
    forkBench('orchestration/publisher.js', { NATS_URL: natsUrl, BENCH_TASK: JSON.stringify(task) }),
  );
  try {
    await Promise.all(processes.map(untilReady));
    const processorTime = countProcessorTime(orchestrator);
    const started = performance.now();
    for (const { child } of processes) child.send('go');
    await Promise.all(processes.map(({ child }) => new Promise((resolve) => child.once('exit', resolve))));
    await until(async () => (await readReportBacklog(connection)).messages === 0, {
      deadlineMs: 120_000,
      what: 'everything to be recorded',
    });
    const [seconds, processor] = [(performance.now() - started) / 1000, processorTime()];
    return { points: (await count()) - before, seconds, processor };
  } finally {
    await Promise.all(processes.map((one) => one.end()));
  }
}

async function measure(orchestrator: Orchestrator, file: string): Promise<readonly BenchRecord[]> {
  const { connection, coordinators } = orchestrator;
  await submitTrials(connection, trials);
  const workerId = newId('worker');
  const attempts: { trialId: string; attempt: number }[] = [];
  for (let index = 0; index < trials; index += 1) {
    const claim = { workerId, claimId: newId('claim'), backend: 'none', device: 'none', labels: [], commands: [] };
    const answer = await callCommand(connection, 'claim', claim);
    if (!answer.granted) throw new Error(`a claim was refused: ${answer.reason}`);
    attempts.push({ trialId: answer.trialId, attempt: answer.attempt });
  }
  const tasksOf = (seconds: number, fromEpoch: number): IngestTask[] =>
    Array.from({ length: publishers }, (_, place) => ({
      workerId,
      attempts: attempts.filter((_, index) => index % publishers === place),
      seconds,
      fromEpoch,
      pointsOfReport,
    }));
  await publish(orchestrator, tasksOf(seconds.warmUp, 1));
  const pid = coordinators[0]?.pid ?? -1;
  const before = await heapOf(pid, file);
  const { points, seconds: took, processor } = await publish(orchestrator, tasksOf(seconds.measured, 50_000));
  const after = await heapOf(pid, file);
  const told = `${(points / 1e6).toFixed(1)} million points in ${took.toFixed(0)} s, ${String(pointsOfReport)} a report, of ${String(trials)} running trials; until the last one was committed`;
  const ofMillion = Object.entries(processor).map(([name, used]) => [name, used / (points / 1e6)] as const);
  return [
    {
      name: 'points recorded: processor time of a million',
      value: ofMillion.reduce((sum, [, used]) => sum + used, 0),
      unit: 's',
      comparedWith: `${ofMillion.map(([name, used]) => `${name} ${used.toFixed(1)}`).join(', ')}; publishers left out`,
    },
    { name: 'points recorded, sustained', value: points / took, unit: '1/s', comparedWith: `goal: 50,000; ${told}` },
    {
      name: "points recorded: growth of the coordinator's heap",
      value: (after.heapUsed - before.heapUsed) / mebibyte,
      unit: 'MiB',
      comparedWith: `goal: 0; after a collection ${(before.heapUsed / mebibyte).toFixed(1)} MiB before and ${(after.heapUsed / mebibyte).toFixed(1)} MiB after; resident ${(before.rss / mebibyte).toFixed(0)} and ${(after.rss / mebibyte).toFixed(0)} MiB`,
    },
  ];
}

/** The benchmark as bench/record.ts runs it. */
export async function run(): Promise<readonly BenchRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-heap-'));
  const file = join(folder, 'heap.json');
  const probe = pathToFileURL(join(packageRoot, 'dist', 'bench', 'heap-probe.js')).href;
  try {
    return await withOrchestrator(
      { settings: { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${probe}`, BENCH_HEAP_FILE: file } },
      (started) => measure(started, file),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
