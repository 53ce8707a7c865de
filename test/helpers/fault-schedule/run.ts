import { setTimeout as delay } from 'node:timers/promises';
import { callCommand } from '../../../services/shared/nats/command-client.js';
import { streams } from '../../../services/shared/nats-names.js';
import { tinySpec } from '../cli.js';
import { until } from '../deadline.js';
import { randomSource } from '../random-spec.js';
import { checkHistory, type Findings } from './check.js';
import { diagnose } from './diagnose.js';
import { readHistory, withClient } from './history.js';
import { injections, submissionKey, type Traces } from './inject.js';
import { startRig, type FaultRig, type RigOptions } from './rig.js';
import { planFaults, type ScheduledFault } from './schedule.js';

export interface RunOptions extends RigOptions {
  readonly seed: number;
  readonly faults: number;
  readonly durationMs: number;
  readonly sweeps: number;
  readonly trialsPerSweep: number;
  readonly epochs: number;
  /** After the last fault no such time may pass without the end of a trial until all have ended, in milliseconds. */
  readonly settleMs: number;
  /** Told of what happens. */
  readonly say: (line: string) => void;
}

export interface FaultReport extends Findings {
  readonly seed: number;
  /** Faults that hit something. */
  readonly injected: number;
  /** Faults that found nothing to hit, each with why. */
  readonly missed: readonly string[];
  readonly trials: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly attempts: number;
  /** Numbers that workers know to be acknowledged. */
  readonly acknowledged: number;
  /** Milliseconds from the last fault's end until every trial had ended; undefined when one is stuck. */
  readonly settledMs: number | undefined;
  /** Processes that ended without being told to, or not with code 0 when they were. */
  readonly ownEnds: readonly string[];
  /** Messages that the streams still hold. */
  readonly left: Readonly<Record<string, number>>;
  /** What is needed to understand what went wrong; empty when nothing did. */
  readonly diagnosis: string;
}

/** Submits the sweeps one after the other over the schedule's time; each until it is answered. */
async function submitAll(rig: FaultRig, options: RunOptions): Promise<Map<string, number>> {
  const { sweeps, trialsPerSweep, epochs, durationMs, settleMs } = options;
  const planned = new Map<string, number>();
  for (let index = 0; index < sweeps; index += 1) {
    const begun = performance.now();
    const spec = tinySpec({
      name: `sweep ${index}`,
      grid: { points: [{ semantic: 1, depth: 1 }] },
      weightings: [],
      baselines: false,
      seeds: Array.from({ length: trialsPerSweep }, (_, seed) => seed),
      epochs,
      // Every lost lease counts as a failure; here they come by the hundred.
      limits: { failures: 100 },
      schedule: { retries: { crash: { backoffSeconds: 0.2 }, other: { backoffSeconds: 0.2 } } },
    });
    const request = { spec, idempotencyKey: submissionKey() };
    await until(
      async () => {
        const { sweepId } = await callCommand(rig.client, 'submit', request, 5000);
        planned.set(sweepId, trialsPerSweep);
        return true;
      },
      { deadlineMs: settleMs, what: `sweep ${index} to be submitted`, intervalMs: 200 },
    );
    await delay(Math.max(0, (0.9 * durationMs) / sweeps - (performance.now() - begun)));
  }
  return planned;
}

interface Injected {
  injected: number;
  readonly missed: string[];
}

async function injectAll(rig: FaultRig, faults: readonly ScheduledFault[], traces: Traces, options: RunOptions) {
  const begun = performance.now();
  const random = randomSource(options.seed + 1);
  const done: Injected = { injected: 0, missed: [] };
  const running: Promise<void>[] = [];
  for (const fault of faults) {
    await delay(Math.max(0, fault.atMs - (performance.now() - begun)));
    const name = `${(fault.atMs / 1000).toFixed(1)} s ${fault.kind} ${fault.target} (${fault.holdMs} ms)`;
    options.say(name);
    running.push(
      Promise.resolve({ ...fault, rig, traces, random })
        .then(injections[fault.kind])
        .then(
          () => void (done.injected += 1),
          (error: unknown) => void done.missed.push(`${name}: ${String(error)}`),
        ),
    );
  }
  await Promise.all(running);
  return done;
}

async function openTrials(rig: FaultRig): Promise<number> {
  return withClient(rig.postgres.url, async (client) => {
    const { rows } = await client.query(
      `SELECT count(*)::int AS open FROM trial WHERE state IN ('waiting', 'queued', 'running')`,
    );
    return (rows[0] as { open: number }).open;
  });
}

/** Waits until every trial has ended; false when none ended for so long, although some are open. */
async function allEnd(rig: FaultRig, settleMs: number): Promise<boolean> {
  let fewest = Infinity;
  for (;;) {
    let open = Infinity;
    const fewer = async (): Promise<boolean> => {
      open = await openTrials(rig);
      return open === 0 || open < fewest;
    };
    const what = 'another trial to end';
    if (!(await ended(until(fewer, { deadlineMs: settleMs, intervalMs: 200, what })))) return false;
    if (open === 0) return true;
    fewest = open;
  }
}

async function messagesLeft(rig: FaultRig): Promise<Record<string, number>> {
  const manager = await rig.client.jetstreamManager();
  const counts = Object.values(streams).map(async ({ name }) => {
    const { state } = await manager.streams.info(name);
    return [name, state.messages] as const;
  });
  return Object.fromEntries(await Promise.all(counts));
}

function ended(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}

/** Runs a schedule of faults over sweeps of toy trials, lets everything come to rest, and checks what is left. */
export async function runFaultSchedule(options: RunOptions): Promise<FaultReport> {
  const { say, settleMs } = options;
  const rig = await startRig(options);
  try {
    const traces: Traces = { deletions: [] };
    const faults = planFaults(options);
    const [planned, { injected, missed }] = await Promise.all([
      submitAll(rig, options),
      injectAll(rig, faults, traces, options),
    ]);
    for (const { fromMs, toMs } of traces.deletions) {
      say(`reports of ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()} may have been deleted`);
    }
    say(`all faults are over (${injected}, ${missed.length} missed)`);
    const rested = performance.now();
    const settled = await allEnd(rig, settleMs);
    const settledMs = settled ? performance.now() - rested : undefined;
    say(settled ? `all trials ended after ${Math.round(settledMs ?? 0)} ms` : 'some trials are stuck');
    const drained = await ended(
      until(async () => Object.values(await messagesLeft(rig)).every((count) => count === 0), {
        deadlineMs: settleMs,
        intervalMs: 200,
        what: 'the streams to be empty',
      }),
    );
    const left = await messagesLeft(rig);
    const state = settled && drained ? '' : await diagnose(rig);
    const all = [...rig.coordinators, ...rig.workers].map(({ member }) => member);
    const ownEnds = all.flatMap(({ name, ends }) => ends.map((end) => `${name}: ${end}`));
    const codes = await rig.rest();
    for (const [name, code] of Object.entries(codes)) if (code !== 0) ownEnds.push(`${name}: code ${String(code)}`);
    const { epochs } = options;
    const history = await readHistory(rig.postgres.url, rig.noted, { planned, epochs, deletions: traces.deletions });
    const findings = checkHistory(history);
    const inState = (wanted: string): number => history.trials.filter(({ state: own }) => own === wanted).length;
    return {
      ...findings,
      seed: options.seed,
      injected,
      missed,
      trials: history.trials.length,
      succeeded: inState('succeeded'),
      failed: inState('failed'),
      cancelled: inState('cancelled'),
      attempts: history.attempts.length,
      acknowledged: history.acknowledged.reduce((sum, { points }) => sum + points.length, 0),
      settledMs,
      ownEnds,
      left,
      diagnosis: state === '' && ownEnds.length === 0 ? '' : [state, ...all.map(logOf)].join('\n'),
    };
  } finally {
    await rig.stop();
  }
}

function logOf({ name, log }: { readonly name: string; readonly log: string }): string {
  return `--- ${name}\n${log}`;
}
