/**
 * How long the claims of 100 workers take over NATS against one coordinator, with many trials queued: when each worker
 * trains for about a second, when all of them claim in the same moment, and when none of them ever trains.
 */
import { availableParallelism } from 'node:os';
import type { ClaimerTask, Pattern } from './orchestration/claimers.js';
import {
  forkBench,
  quantile,
  submitTrials,
  untilReady,
  withOrchestrator,
  type Orchestrator,
} from './orchestration/orchestrator.js';
import type { BenchRecord } from './record.js';

const queued = Number(process.env['SIGMASWEEP_BENCH_TRIALS'] ?? 100_000);
const workers = 100;
const processes = 2;
const seconds = 20;

/** Latencies of all claims, in milliseconds. */
async function claims({ natsUrl }: Orchestrator, task: Pattern & { readonly seconds: number }): Promise<number[]> {
  const forked = Array.from({ length: processes }, () =>
    forkBench('orchestration/claimers.js', {
      NATS_URL: natsUrl,
      BENCH_TASK: JSON.stringify({ ...task, workers: workers / processes } satisfies ClaimerTask),
    }),
  );
  try {
    await Promise.all(forked.map(untilReady));
    // The same clock tells all processes when to begin.
    const startAt = Date.now() + 500;
    const answers = forked.map(({ child }) => {
      const answer = new Promise<number[]>((resolve) => child.once('message', (value) => resolve(value as number[])));
      child.send(startAt);
      return answer;
    });
    return (await Promise.all(answers)).flat();
  } finally {
    await Promise.all(forked.map((one) => one.end()));
  }
}

async function measure(orchestrator: Orchestrator): Promise<readonly BenchRecord[]> {
  await submitTrials(orchestrator.connection, queued);
  // Everything is compiled, and the first connections are there.
  await claims(orchestrator, { kind: 'pause', meanPauseMs: 1000, seconds: 5 });
  const paced = await claims(orchestrator, { kind: 'pause', meanPauseMs: 1000, seconds });
  const together = await claims(orchestrator, { kind: 'together', everyMs: 1000, seconds });
  const endless = await claims(orchestrator, { kind: 'pause', meanPauseMs: 0, seconds: seconds / 2 });
  const cores = `${String(workers)} workers, one coordinator, ${queued.toLocaleString('en')} trials queued, everything on ${String(availableParallelism())} cores`;
  const told = (latencies: readonly number[], length: number): string =>
    `median ${quantile(latencies, 0.5).toFixed(1)} ms, longest ${Math.max(...latencies).toFixed(0)} ms, ${(latencies.length / length).toFixed(0)} claims a second; ${cores}`;
  const record = (name: string, latencies: readonly number[], length: number, goal = ''): BenchRecord => ({
    name: `claim over NATS, 99th percentile: ${name}`,
    value: quantile(latencies, 0.99),
    unit: 'ms',
    comparedWith: `${goal}${told(latencies, length)}`,
  });
  return [
    record('trials of a second', paced, seconds, 'goal: 20 ms; '),
    record('all workers in the same moment', together, seconds),
    record('trials that take no time', endless, seconds / 2),
  ];
}

/** The benchmark as bench/record.ts runs it. */
export function run(): Promise<readonly BenchRecord[]> {
  return withOrchestrator({}, measure);
}
