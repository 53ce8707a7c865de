import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from 'nats';
import { applyMigrations } from '../../../services/coordinator/store/apply-migrations.js';
import { connectNats } from '../../../services/shared/nats/connect.js';
import { packageRoot } from '../../../services/shared/version.js';
import { launchCoordinator } from '../coordinator-process.js';
import { until } from '../deadline.js';
import { startNats, startPostgres, type TestServer } from '../servers.js';
import { startTcpProxy, type TcpProxy } from '../tcp-proxy.js';
import { installHistory } from './history.js';
import { Member } from './member.js';
import type { WorkerSettings } from './worker-process.js';

export interface RigOptions {
  readonly workers: number;
  readonly coordinators: number;
  /** Trials at once in each worker. */
  readonly slots: number;
  readonly epochMs: number;
  readonly leaseSeconds: number;
}

/** A worker or coordinator with the networks between it and the servers. */
export interface Placed {
  readonly member: Member;
  readonly nats: TcpProxy;
}
export interface PlacedCoordinator extends Placed {
  readonly postgres: TcpProxy;
}

/** Real servers, coordinators and workers, with what can be done to them. */
export interface FaultRig {
  readonly nats: TestServer;
  readonly postgres: TestServer;
  readonly workers: readonly Placed[];
  readonly coordinators: readonly PlacedCoordinator[];
  /** The rig's own connection, which no fault hits but those of the server. */
  readonly client: NatsConnection;
  /** Files in which workers note what was acknowledged. */
  readonly noted: readonly string[];
  /** Ends workers and coordinators in order; the servers stay. @returns their exit codes by name */
  rest(): Promise<Record<string, number | null>>;
  stop(): Promise<void>;
}

const workerProgram = join(packageRoot, 'dist', 'test', 'helpers', 'fault-schedule', 'worker-process.js');

function spawnWorker(settings: WorkerSettings) {
  return spawn(process.execPath, [workerProgram, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function startRig(options: RigOptions): Promise<FaultRig> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-faults-'));
  const [postgres, nats] = await Promise.all([startPostgres(), startNats()]);
  await applyMigrations(postgres.url);
  await installHistory(postgres.url);
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const coordinators = await Promise.all(
    numbers(options.coordinators).map(async (index): Promise<PlacedCoordinator> => {
      const [toNats, toPostgres] = await Promise.all([startTcpProxy(nats.url), startTcpProxy(postgres.url)]);
      const { leaseSeconds } = options;
      const settings = { SIGMASWEEP_LOG_LEVEL: 'warn' };
      const start = () =>
        launchCoordinator({ databaseUrl: toPostgres.url, natsUrl: toNats.url, leaseSeconds, settings });
      return { member: new Member(`coordinator-${index}`, start), nats: toNats, postgres: toPostgres };
    }),
  );
  const folders = numbers(options.workers).map((index) => join(folder, `worker-${index}`));
  const workers = await Promise.all(
    folders.map(async (own, index): Promise<Placed> => {
      mkdirSync(own);
      const toNats = await startTcpProxy(nats.url);
      const { slots, epochMs } = options;
      const settings = { natsUrl: toNats.url, name: `worker-${index}`, slots, epochMs, folder: own };
      return { member: new Member(settings.name, () => spawnWorker(settings)), nats: toNats };
    }),
  );
  const client = await connectNats(nats.url, 'rig');
  const all = [...coordinators, ...workers];
  const rest = async (): Promise<Record<string, number | null>> => {
    // Workers first: what they hand back is to be recorded.
    const codes: Record<string, number | null> = {};
    for (const group of [workers, coordinators]) {
      await Promise.all(group.map(async ({ member }) => (codes[member.name] = await member.close(20_000))));
    }
    return codes;
  };
  await until(() => all.every(({ member }) => member.ready), { deadlineMs: 60_000, what: 'the rig to be ready' });
  return {
    nats,
    postgres,
    workers,
    coordinators,
    client,
    noted: folders.map((own) => join(own, 'acknowledged')),
    rest,
    stop: async () => {
      await rest();
      for (const placed of all) placed.nats.close();
      for (const { postgres: proxy } of coordinators) proxy.close();
      await client.close();
      await Promise.all([postgres.stop(), nats.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
