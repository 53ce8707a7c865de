/**
 * Trials that train nothing, from submission to their recorded end in PostgreSQL, with four worker processes; beside it
 * Ray Tune, Optuna and three queues that do the nearest they have, in the same run.
 */
import { availableParallelism } from 'node:os';
import { until } from '../test/helpers/deadline.js';
import { runPeers, type PeerResult } from './orchestration/peers.js';
import {
  countProcessorTime,
  forkBench,
  submitTrials,
  untilReady,
  withOrchestrator,
  type BenchProcess,
  type Orchestrator,
} from './orchestration/orchestrator.js';
import type { BenchRecord } from './record.js';

const trials = Number(process.env['SIGMASWEEP_BENCH_TRIALS'] ?? 10_000);
const workers = 4;
const slots = 32;

interface Measured {
  readonly seconds: number;
  /** Seconds of processor time of each kind of process. */
  readonly processor: Readonly<Record<string, number>>;
}

/** @throws Error when not every trial has succeeded with everything it said */
async function expectRecorded({ client }: Orchestrator, sweepId: string): Promise<void> {
  const { rows } = await client.query<{ trials: number; attempts: number; points: number }>(
    `SELECT count(DISTINCT t.id)::int AS trials, count(DISTINCT (a.trial_id, a.number))::int AS attempts, count(*)::int AS points
     FROM trial t JOIN attempt a ON a.trial_id = t.id AND a.outcome = 'succeeded' JOIN metric m ON m.trial_id = t.id
     WHERE t.sweep_id = $1 AND t.state = 'succeeded'`,
    [sweepId],
  );
  const [row] = rows;
  if (row?.trials === trials && row.attempts === trials && row.points === 5 * trials) return;
  throw new Error(`not everything is recorded: ${JSON.stringify(row)} of ${String(trials)} trials`);
}

async function measure(orchestrator: Orchestrator): Promise<Measured> {
  const { natsUrl, connection, client } = orchestrator;
  const processes: BenchProcess[] = [];
  try {
    for (let index = 0; index < workers; index += 1) {
      processes.push(forkBench('orchestration/worker.js', { NATS_URL: natsUrl, BENCH_SLOTS: String(slots) }));
    }
    await Promise.all(processes.map(untilReady));
    // A few, so that everything is compiled and connected.
    await untilEnded(client, await submitTrials(connection, 500));
    const processorTime = countProcessorTime(orchestrator, { workers: processes.map(({ pid }) => pid) });
    const started = performance.now();
    const sweepId = await submitTrials(connection, trials);
    await untilEnded(client, sweepId);
    const seconds = (performance.now() - started) / 1000;
    const processor = processorTime();
    await expectRecorded(orchestrator, sweepId);
    return { seconds, processor };
  } finally {
    await Promise.all(processes.map((one) => one.end()));
  }
}

async function untilEnded(client: Orchestrator['client'], sweepId: string): Promise<void> {
  const over = async (): Promise<boolean> => {
    const { rows } = await client.query<{ over: boolean }>(
      'SELECT ended_at IS NOT NULL AS over FROM sweep WHERE id = $1',
      [sweepId],
    );
    return rows[0]?.over === true;
  };
  await until(over, { deadlineMs: 200_000, what: 'the sweep to end' });
}

/** The benchmark as bench/record.ts runs it. */
export async function run(): Promise<readonly BenchRecord[]> {
  let peers: readonly PeerResult[] = [];
  const ours = await withOrchestrator({}, async (orchestrator) => {
    const measured = await measure(orchestrator);
    await Promise.all(orchestrator.coordinators.map((one) => one.end('SIGTERM')));
    if (process.env['SIGMASWEEP_BENCH_PEERS'] !== 'none') peers = await runPeers(orchestrator.databaseUrl, workers);
    return measured;
  });
  const perTrial = (seconds: number): string => ((seconds / trials) * 1000).toFixed(2);
  const total = Object.values(ours.processor).reduce((sum, one) => sum + one, 0);
  const parts = Object.entries(ours.processor).map(([name, seconds]) => `${name} ${perTrial(seconds)}`);
  const cores = availableParallelism();
  return [
    {
      name: 'no-op trials, end to end: sigmasweep',
      value: trials / ours.seconds,
      unit: '1/s',
      comparedWith: `goal: 2,000 on 4 cores; ${String(trials)} trials of 5 reports, from the submission to the end of the last one, committed to disk; ${String(workers)} workers of ${String(slots)} slots and everything else on ${String(cores)} cores`,
    },
    {
      name: 'no-op trials: processor time of one',
      value: (total / trials) * 1000,
      unit: 'ms',
      comparedWith: parts.join(', '),
    },
    ...peers.map(({ name, perSecond, what }) => ({
      name: `no-op trials, end to end: ${name}`,
      value: perSecond,
      unit: '1/s',
      comparedWith: what,
    })),
  ];
}
