/**
 * What a sweep costs as it grows: 1,000, 10,000 and 100,000 trials are planned, submitted, claimed, looked at and
 * cancelled, over NATS and in the dashboard, with nothing else going on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newId } from '../services/shared/ids.js';
import { callCommand } from '../services/shared/nats/command-client.js';
import { planSweep } from '../services/shared/plan/plan.js';
import { parseSweepSpec } from '../services/shared/sweep-spec/parse.js';
import { packageRoot } from '../services/shared/version.js';
import {
  quantile,
  rehearsalSpec,
  submitTrials,
  withOrchestrator,
  type Orchestrator,
} from './orchestration/orchestrator.js';
import type { BenchRecord } from './record.js';

const largest = Number(process.env['SIGMASWEEP_BENCH_TRIALS'] ?? 100_000);
const sizes = [largest / 100, largest / 10, largest];
const claimsOfSize = 100;
const looks = 5;

type Costs = Readonly<Record<string, { readonly ms: number; readonly what: string }>>;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** Median of a few calls, one after the other. */
async function median(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) times.push(await timed(work));
  return quantile(times, 0.5);
}

async function withDashboard<Value>(
  { databaseUrl, natsUrl }: Orchestrator,
  work: (base: string) => Promise<Value>,
): Promise<Value> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist', 'services', 'dashboard', 'main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DATABASE_URL: databaseUrl, NATS_URL: natsUrl, SIGMASWEEP_PORT: '0' },
  });
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    return await work(new URL((JSON.parse(line) as { url: string }).url).origin);
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
}

async function fetchPage(url: string): Promise<void> {
  const response = await fetch(url, { headers: { Accept: 'text/html' } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}: ${text.slice(0, 500)}`);
}

async function costsOf({ connection }: Orchestrator, base: string, trials: number): Promise<Costs> {
  const plan = await timed(() => Promise.resolve(planSweep(parseSweepSpec(rehearsalSpec(trials), { quick: false }))));
  let sweepId = '';
  const submit = await timed(async () => {
    sweepId = await submitTrials(connection, trials);
  });
  const workerId = newId('worker');
  const claim = await median(claimsOfSize, async () => {
    const facts = { backend: 'none', device: 'none', labels: [], commands: [] };
    const answer = await callCommand(connection, 'claim', { workerId, claimId: newId('claim'), ...facts });
    if (!answer.granted) throw new Error(`a claim was refused: ${answer.reason}`);
  });
  const list = await median(looks, () => callCommand(connection, 'list', {}));
  const status = await median(looks, () => callCommand(connection, 'show', { sweepId, states: ['running'] }));
  const page = await median(looks, () => fetchPage(`${base}/sweeps/${sweepId}`));
  const table = await median(looks, () => fetchPage(`${base}/sweeps/${sweepId}/fragment/trials`));
  const cancel = await timed(() => callCommand(connection, 'cancel', { sweepId }, 120_000));
  return {
    plan: { ms: plan, what: 'spec read, validated and planned, in memory' },
    submit: { ms: submit, what: 'over NATS, until everything is committed' },
    claim: { ms: claim, what: `median of ${String(claimsOfSize)}, one after the other` },
    list: { ms: list, what: 'all sweeps with the states of their trials counted' },
    status: {
      ms: status,
      what: 'states counted and running trials listed, as `sigmasweep run` asks for twice a second',
    },
    page: { ms: page, what: 'HTML of its page in the dashboard' },
    'list of trials': { ms: table, what: 'HTML of the part of the page that has them' },
    cancel: { ms: cancel, what: 'all trials' },
  };
}

async function measure(orchestrator: Orchestrator): Promise<readonly BenchRecord[]> {
  return withDashboard(orchestrator, async (base) => {
    // Everything is compiled.
    await costsOf(orchestrator, base, largest / 100);
    const records: BenchRecord[] = [];
    for (const trials of sizes) {
      for (const [step, { ms, what }] of Object.entries(await costsOf(orchestrator, base, trials))) {
        const goal = step === 'plan' && trials === 100_000 ? 'goal: 5,000 ms; ' : '';
        const each = step === 'claim' ? '' : `; ${((ms / trials) * 1000).toFixed(1)} µs a trial`;
        records.push({
          name: `sweep of ${trials.toLocaleString('en')} trials: ${step}`,
          value: ms,
          unit: 'ms',
          comparedWith: `${goal}${what}${each}`,
        });
      }
    }
    return records;
  });
}

/** The benchmark as bench/record.ts runs it. */
export function run(): Promise<readonly BenchRecord[]> {
  return withOrchestrator({}, measure);
}
