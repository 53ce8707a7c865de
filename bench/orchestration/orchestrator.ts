import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startNats } from '../../services/cli/stack/nats.js';
import { startPostgres } from '../../services/cli/stack/postgres.js';
import { stateFolder } from '../../services/cli/stack/state-folder.js';
import { connectNats, type Connection } from '../../services/shared/nats/connect.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { packageRoot } from '../../services/shared/version.js';
import { startCoordinatorProcess, type CoordinatorProcess } from '../../test/helpers/coordinator-process.js';
import { until } from '../../test/helpers/deadline.js';
import { provideNats } from '../../test/helpers/servers.js';

/** Everything but workers, as `sigmasweep up` starts it: PostgreSQL and nats-server write to disk as they do there. */
export interface Orchestrator {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly connection: Connection;
  readonly client: pg.Client;
  readonly coordinators: readonly CoordinatorProcess[];
  /** Process ids of PostgreSQL, nats-server and the coordinators. */
  readonly pids: { readonly postgres: number; readonly nats: number; readonly coordinators: readonly number[] };
}

export interface OrchestratorOptions {
  readonly coordinators?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts the servers and coordinators in a folder of their own, and takes them away afterwards. */
export async function withOrchestrator<Value>(
  { coordinators: count = 1, settings = {} }: OrchestratorOptions,
  work: (orchestrator: Orchestrator) => Promise<Value>,
): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-'));
  // PostgreSQL has another account when root runs this, and has to get through.
  chmodSync(folder, 0o755);
  const state = stateFolder(join(folder, 'state'));
  const undo: (() => Promise<unknown>)[] = [];
  const takeAway = async (): Promise<void> => {
    for (const step of undo.splice(0)) await step().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  };
  // The servers outlive this process otherwise.
  const end = (): void => void takeAway().then(() => process.exit(1));
  process.once('SIGTERM', end).once('SIGINT', end);
  const coordinators: CoordinatorProcess[] = [];
  try {
    const postgres = await startPostgres({ state });
    undo.unshift(() => postgres.stop());
    const nats = await startNats({ state, provide: provideNats });
    undo.unshift(() => nats.stop());
    for (let index = 0; index < count; index += 1) {
      const coordinator = await startCoordinatorProcess({
        databaseUrl: postgres.url,
        natsUrl: nats.url,
        settings: { SIGMASWEEP_LOG_LEVEL: 'warn', ...settings },
      });
      undo.unshift(() => coordinator.end('SIGTERM'));
      coordinators.push(coordinator);
    }
    const connection = await connectNats(nats.url, 'bench');
    undo.unshift(() => connection.close());
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    undo.unshift(() => client.end());
    const pids = {
      postgres: postgres.pid,
      nats: nats.pid,
      coordinators: coordinators.map(({ pid }) => pid),
    };
    return await work({ databaseUrl: postgres.url, natsUrl: nats.url, connection, client, coordinators, pids });
  } catch (error) {
    for (const one of coordinators) process.stderr.write(one.log().slice(-4000));
    throw error;
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
    await takeAway();
  }
}

/** Fields of a spec that gives exactly so many trials of the workload that trains nothing; at least 2. */
export function rehearsalSpec(trials: number): Record<string, unknown> {
  const seeds = [1000, 500, 100, 50, 10, 5, 4, 2, 1].find((count) => trials % count === 0) ?? 1;
  return {
    name: `${String(trials)} trials`,
    workload: 'rehearsal',
    tasks: ['semantic', 'depth'],
    grid: { values: { semantic: Array.from({ length: trials / seeds }, (_, index) => index + 1), depth: [1] } },
    baselines: false,
    seeds: Array.from({ length: seeds }, (_, index) => index + 1),
    epochs: 5,
    limits: { trials },
  };
}

/** Submits so many trials and gives back the sweep's id. */
export async function submitTrials(connection: Connection, trials: number): Promise<string> {
  const { sweepId, trials: stored } = await callCommand(
    connection,
    'submit',
    { spec: rehearsalSpec(trials), idempotencyKey: `bench-${String(trials)}-${String(performance.now())}` },
    120_000,
  );
  if (stored !== trials) throw new Error(`${String(stored)} trials were stored, not ${String(trials)}`);
  return sweepId;
}

/** A process of a benchmark that says `ready` over its channel and ends at SIGTERM. */
export interface BenchProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  end(): Promise<void>;
}

/** Starts a compiled file of bench/ with a channel, without waiting until it is ready. */
export function forkBench(file: string, environment: Readonly<Record<string, string>>): BenchProcess {
  const child = fork(join(packageRoot, 'dist', 'bench', file), [], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return {
    child,
    pid: child.pid ?? -1,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Resolves when the process has said `ready`. */
export async function untilReady({ child }: BenchProcess): Promise<void> {
  let ready = false;
  child.once('message', () => (ready = true));
  await until(
    () => {
      if (child.exitCode !== null) throw new Error('a process of the benchmark ended before it was ready');
      return ready;
    },
    { deadlineMs: 60_000, what: 'a process of the benchmark to be ready' },
  );
}

/** Seconds of processor time that processes have used so far, with those of their children that have ended. */
export function processorSeconds(pids: readonly number[]): number {
  const ticksPerSecond = 100;
  return pids.reduce((sum, pid) => {
    const fields =
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? [];
    // utime, stime, cutime, cstime; the first field here is the state.
    return sum + [11, 12, 13, 14].reduce((ticks, place) => ticks + Number(fields[place]), 0) / ticksPerSecond;
  }, 0);
}

/**
 * Begins to count the processor time of an orchestrator's parts and of other processes.
 * @param others ids of further processes, by the name of their kind
 * @returns a function that gives the seconds used since, by kind
 */
export function countProcessorTime(
  { pids }: Pick<Orchestrator, 'pids'>,
  others: Readonly<Record<string, readonly number[]>> = {},
): () => Readonly<Record<string, number>> {
  const used = (): [string, number][] => {
    const groups = {
      ...others,
      coordinator: pids.coordinators,
      PostgreSQL: [pids.postgres, ...childrenOf(pids.postgres)],
      'nats-server': [pids.nats],
    };
    return Object.entries(groups).map(([name, ids]) => [name, processorSeconds(ids)]);
  };
  const before = Object.fromEntries(used());
  return () => Object.fromEntries(used().map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]));
}

/** Ids of the processes that a process has started and that still run. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);
}

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
