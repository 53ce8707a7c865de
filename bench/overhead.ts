/**
 * What being a trial costs a training: the same configuration in the same loop of a lone process, and as a trial of a
 * worker with coordinator, NATS and PostgreSQL on the same machine; processor time of all of them, and time on the clock.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { callCommand } from '../services/shared/nats/command-client.js';
import { planSweep } from '../services/shared/plan/plan.js';
import { parseSweepSpec } from '../services/shared/sweep-spec/parse.js';
import { until } from '../test/helpers/deadline.js';
import { WorkerRig } from '../test/helpers/worker-rig.js';
import type { BareResult } from './orchestration/bare-training.js';
import {
  childrenOf,
  forkBench,
  processorSeconds,
  quantile,
  untilReady,
  withOrchestrator,
  type BenchProcess,
  type Orchestrator,
} from './orchestration/orchestrator.js';
import type { BenchRecord } from './record.js';

const rounds = 4;
const epochs = Number(process.env['SIGMASWEEP_BENCH_EPOCHS'] ?? 4);
const spec = {
  name: 'overhead',
  workload: 'street-scenes',
  tasks: ['semantic', 'depth'],
  data: { train: 240, validation: 60, test: 60 },
  grid: { points: [{ semantic: 0.8, depth: 0.2 }] },
  baselines: false,
  epochs,
  batchSize: 4,
};

interface Used {
  readonly wall: number;
  /** Seconds of processor time of the process that trains, and of all others. */
  readonly training: number;
  readonly others: number;
}

async function trainBare(bare: BenchProcess): Promise<Used> {
  const answer = new Promise<BareResult>((resolve) =>
    bare.child.once('message', (value) => resolve(value as BareResult)),
  );
  bare.child.send(planSweep(parseSweepSpec(spec, { quick: false })).trials[0]?.config as object);
  const { wall, processor } = await answer;
  return { wall, training: processor, others: 0 };
}

async function trainAsTrial({ connection, client, pids }: Orchestrator, worker: WorkerRig): Promise<Used> {
  const agent = worker.process.pid ?? -1;
  const trainers = worker.trainers;
  const others = (): number =>
    processorSeconds([agent, ...pids.coordinators, pids.nats, pids.postgres, ...childrenOf(pids.postgres)]);
  const [trainingBefore, othersBefore] = [processorSeconds(trainers), others()];
  const request = { spec, idempotencyKey: `overhead-${String(performance.now())}` };
  const { sweepId } = await callCommand(connection, 'submit', request);
  let wall = 0;
  const ended = async (): Promise<boolean> => {
    const { rows } = await client.query<{ state: string; seconds: number }>(
      `SELECT state, extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM trial
       WHERE sweep_id = $1 AND ended_at IS NOT NULL`,
      [sweepId],
    );
    if (rows[0] !== undefined && rows[0].state !== 'succeeded') throw new Error(`the trial ended as ${rows[0].state}`);
    wall = rows[0]?.seconds ?? 0;
    return rows.length > 0;
  };
  await until(ended, { deadlineMs: 200_000, what: 'the trial to end', intervalMs: 500 });
  return { wall, training: processorSeconds(trainers) - trainingBefore, others: others() - othersBefore };
}

async function measure(orchestrator: Orchestrator, folder: string): Promise<readonly BenchRecord[]> {
  const bare = forkBench('orchestration/bare-training.js', { BENCH_CACHE: folder });
  // A trial on one thread, as where every core has one: the parts of sigmasweep have the others. Threads that share the
  // training's cores with them wait for each other, and what is measured then is how a core is shared.
  const slots = String(availableParallelism());
  const worker = WorkerRig.start(orchestrator.natsUrl, folder, { SIGMASWEEP_SLOTS: slots });
  try {
    await Promise.all([untilReady(bare), worker.ready()]);
    // Data is drawn, and everything is compiled.
    await trainBare(bare);
    await trainAsTrial(orchestrator, worker);
    const alone: Used[] = [];
    const asTrial: Used[] = [];
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await trainBare(bare));
      asTrial.push(await trainAsTrial(orchestrator, worker));
    }
    return records(alone, asTrial);
  } finally {
    await Promise.all([bare.end(), worker.end()]);
  }
}

function records(alone: readonly Used[], asTrial: readonly Used[]): readonly BenchRecord[] {
  const of = (used: readonly Used[], value: (one: Used) => number): number => quantile(used.map(value), 0.5);
  const [bare, trained] = [of(alone, (one) => one.training), of(asTrial, (one) => one.training)];
  const others = of(asTrial, (one) => one.others);
  const [bareWall, wall] = [of(alone, (one) => one.wall), of(asTrial, (one) => one.wall)];
  const told = `goal: 1 %; ${String(epochs)} epochs of 60 steps on wasm, one thread; medians of ${String(rounds)} interleaved rounds`;
  const percent = (share: number): number => 100 * share;
  const wallNote = `${wall.toFixed(2)} s from the claim to the recorded end, ${bareWall.toFixed(2)} s in a lone process`;
  return [
    {
      name: 'overhead of a trial: processor time of agent, coordinator, nats-server and PostgreSQL',
      value: percent(others / trained),
      unit: '%',
      comparedWith: `${told}; ${others.toFixed(2)} s beside ${trained.toFixed(2)} s of training`,
    },
    {
      name: 'overhead of a trial: processor time of the training itself',
      value: percent(trained / bare - 1),
      unit: '%',
      comparedWith: `${trained.toFixed(2)} s as a trial, ${bare.toFixed(2)} s in a lone process`,
    },
    {
      name: 'overhead of a trial: time on the clock',
      value: percent(wall / bareWall - 1),
      unit: '%',
      comparedWith: wallNote,
    },
  ];
}

/** The benchmark as bench/record.ts runs it. */
export async function run(): Promise<readonly BenchRecord[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-overhead-'));
  try {
    return await withOrchestrator({}, (orchestrator) => measure(orchestrator, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
