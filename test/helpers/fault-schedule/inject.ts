import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '../../../services/shared/ids.js';
import { protocolVersion } from '../../../services/shared/messages/common.js';
import { callCommand } from '../../../services/shared/nats/command-client.js';
import { streams, subjects } from '../../../services/shared/nats-names.js';
import type { TcpProxy } from '../tcp-proxy.js';
import { withClient } from './history.js';
import type { FaultRig, Placed, PlacedCoordinator } from './rig.js';
import type { FaultKind, ScheduledFault } from './schedule.js';

/** What faults leave for the checker. */
export interface Traces {
  /** Times in which acknowledged reports may have gone with their stream. */
  readonly deletions: { fromMs: number; toMs: number }[];
}

interface Injection extends ScheduledFault {
  readonly rig: FaultRig;
  readonly traces: Traces;
  /** A number in [0, 1) of the schedule. */
  readonly random: () => number;
}

type Inject = (fault: Injection) => Promise<void> | void;

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no target ${index}`);
  return item;
}
const workerOf = ({ rig, target }: Injection): Placed => at(rig.workers, target);
const coordinatorOf = ({ rig, target }: Injection): PlacedCoordinator => at(rig.coordinators, target);

async function halfOpen(proxy: TcpProxy, holdMs: number): Promise<void> {
  proxy.hold();
  await delay(holdMs);
  proxy.release();
}

/** Trials that run now, as far as the database can be asked. */
async function someTrials(rig: FaultRig, count: number): Promise<{ id: string; attempt: number; worker_id: string }[]> {
  return withClient(rig.postgres.url, async (client) => {
    const { rows } = await client.query(
      `SELECT id, attempt, coalesce(worker_id, 'worker-none') AS worker_id FROM trial
       WHERE state = 'running' ORDER BY random() LIMIT $1`,
      [count],
    );
    return rows as { id: string; attempt: number; worker_id: string }[];
  });
}

async function deleteReports({ rig, traces }: Injection): Promise<void> {
  const manager = await rig.client.jetstreamManager();
  const { state } = await manager.streams.info(streams.reports.name);
  // Older reports have left the stream, which they do only when they are recorded.
  const fromMs = (state.messages === 0 ? Date.now() : Date.parse(state.first_ts)) - 50;
  await manager.streams.delete(streams.reports.name);
  traces.deletions.push({ fromMs, toMs: Date.now() + 1000 });
}

/** Bytes that are no message, and messages that are nearly ones, to whatever listens. */
function publishGarbage({ rig, random }: Injection): void {
  const { client } = rig;
  const nearly = { v: protocolVersion, trialId: 'trial-x', attempt: -1, workerId: '*', items: [{ type: 'bribe' }] };
  const old = { ...nearly, v: protocolVersion + 1, attempt: 1, workerId: 'worker-x', items: [{ type: 'succeeded' }] };
  const bodies = [
    randomBytes(200),
    Buffer.alloc(0),
    Buffer.from(JSON.stringify(nearly)),
    Buffer.from(JSON.stringify(old)),
  ];
  const targets = [
    subjects.report('trial-x'),
    subjects.trial('sweep-x'),
    subjects.presence,
    subjects.command('claim'),
    subjects.command('submit'),
    subjects.control('worker-x'),
  ];
  for (const target of targets) client.publish(target, at(bodies, Math.floor(random() * bodies.length)));
}

/** Reports of attempts that were never granted, and of those that are over, and rings of running trials. */
async function publishForged({ rig }: Injection): Promise<void> {
  for (const { id: trialId, attempt, worker_id: workerId } of await someTrials(rig, 3)) {
    const report = (forged: number, ...items: object[]): void =>
      rig.client.publish(
        subjects.report(trialId),
        JSON.stringify({ v: protocolVersion, trialId, attempt: forged, workerId, items }),
      );
    const point = { epoch: 1, split: 'test', task: 'semantic', metric: 'meanIoU', value: 99 };
    // Beyond any that can be granted before the report is read.
    for (const never of [attempt + 1000, attempt + 2000]) {
      report(never, { type: 'metrics', points: [point] }, { type: 'succeeded' });
    }
    if (attempt > 1) report(attempt - 1, { type: 'heartbeat' }, { type: 'succeeded' });
    rig.client.publish(subjects.trial('sweep-x'), JSON.stringify({ v: protocolVersion, trialId, sweepId: 'sweep-x' }));
  }
}

async function cancelSome({ rig }: Injection): Promise<void> {
  for (const { id: trialId } of await someTrials(rig, 2)) await callCommand(rig.client, 'cancel', { trialId }, 3000);
}

/** How each fault is done; resolves when its hold is over. One that finds nothing to hit throws. */
export const injections: Readonly<Record<FaultKind, Inject>> = {
  'worker-kill': (fault) => workerOf(fault).member.end('SIGKILL', fault.holdMs),
  'worker-pause': (fault) => workerOf(fault).member.pause(fault.holdMs),
  'worker-term': (fault) => workerOf(fault).member.end('SIGTERM', fault.holdMs),
  'worker-cut': (fault) => workerOf(fault).nats.cut(),
  'worker-half-open': (fault) => halfOpen(workerOf(fault).nats, fault.holdMs),
  'coordinator-kill': (fault) => coordinatorOf(fault).member.end('SIGKILL', fault.holdMs),
  'coordinator-pause': (fault) => coordinatorOf(fault).member.pause(fault.holdMs),
  'coordinator-term': (fault) => coordinatorOf(fault).member.end('SIGTERM', fault.holdMs),
  'coordinator-nats-cut': (fault) => coordinatorOf(fault).nats.cut(),
  'coordinator-nats-half-open': (fault) => halfOpen(coordinatorOf(fault).nats, fault.holdMs),
  'coordinator-postgres-cut': (fault) => coordinatorOf(fault).postgres.cut(),
  'coordinator-postgres-half-open': (fault) => halfOpen(coordinatorOf(fault).postgres, fault.holdMs),
  'nats-kill': async ({ rig, holdMs }) => {
    await rig.nats.kill();
    await delay(holdMs);
    await rig.nats.restart();
  },
  'nats-pause': ({ rig, holdMs }) => rig.nats.pause(holdMs),
  'postgres-kill': async ({ rig, holdMs }) => {
    await rig.postgres.kill();
    await delay(holdMs);
    await rig.postgres.restart();
  },
  'postgres-stop': async ({ rig, holdMs }) => {
    await rig.postgres.halt();
    await delay(holdMs);
    await rig.postgres.restart();
  },
  'trials-deleted': async ({ rig }) => {
    await (await rig.client.jetstreamManager()).streams.delete(streams.trials.name);
  },
  'reports-deleted': deleteReports,
  'consumers-deleted': async ({ rig }) => {
    const manager = await rig.client.jetstreamManager();
    for (const { name, consumer } of [streams.trials, streams.reports]) await manager.consumers.delete(name, consumer);
  },
  garbage: publishGarbage,
  'forged-reports': publishForged,
  cancel: cancelSome,
};

/** Ids for submissions that are repeated until they are answered. */
export const submissionKey = (): string => newId('sweep');
