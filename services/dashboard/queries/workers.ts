import type { Database } from '../../shared/db/connect.js';
import { silentAfter } from '../../shared/db/read-queue.js';

export interface WorkerRow {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly softwareVersion: string;
  readonly backend: string;
  readonly backendReason: string;
  readonly device: string;
  readonly driver: string | undefined;
  /** Memory of the device. */
  readonly memoryBytes: number | undefined;
  readonly threads: number | undefined;
  readonly slots: number;
  readonly labels: readonly string[];
  readonly trials: readonly string[];
  /** `silent`: it says neither that it runs nor that it has gone. */
  readonly state: 'running' | 'stopping' | 'gone' | 'silent';
  readonly startedAt: Date;
  /** Seconds since it was last heard of, by the database's clock. */
  readonly lastSeenAgo: number;
}

interface Row {
  id: string;
  name: string;
  host: string;
  software_version: string;
  backend: string;
  backend_reason: string;
  device: string;
  driver: string | null;
  memory_bytes: number | null;
  threads: number | null;
  slots: number;
  labels: string[] | null;
  trials: string[] | null;
  state: 'running' | 'stopping' | 'gone';
  started_at: Date;
  last_seen_ago: number;
}

/** Workers heard of within a day; those that are here come first. */
export async function listWorkers(database: Database, limit = 200): Promise<WorkerRow[]> {
  const rows = await database.$queryRaw<Row[]>`
    SELECT id, name, host, software_version, backend, backend_reason, device, driver,
      memory_bytes::float8 AS memory_bytes, threads, slots, labels, trials, state, started_at,
      extract(epoch FROM now() - last_seen_at)::float8 AS last_seen_ago
    FROM worker
    WHERE last_seen_at > now() - interval '1 day'
    ORDER BY (state = 'gone'), (last_seen_at < now() - make_interval(secs => ${silentAfter})), name, started_at, id
    LIMIT ${limit}`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    host: row.host,
    softwareVersion: row.software_version,
    backend: row.backend,
    backendReason: row.backend_reason,
    device: row.device,
    driver: row.driver ?? undefined,
    memoryBytes: row.memory_bytes ?? undefined,
    threads: row.threads ?? undefined,
    slots: row.slots,
    labels: row.labels ?? [],
    trials: row.trials ?? [],
    state: row.state !== 'gone' && row.last_seen_ago > silentAfter ? 'silent' : row.state,
    startedAt: row.started_at,
    lastSeenAgo: row.last_seen_ago,
  }));
}

/** The workers that are here and take trials. */
export async function listCapacity(database: Database): Promise<{ backend: string; device: string; slots: number }[]> {
  return database.$queryRaw<{ backend: string; device: string; slots: number }[]>`
    SELECT backend, device, slots FROM worker
    WHERE state = 'running' AND last_seen_at > now() - make_interval(secs => ${silentAfter})`;
}

/** Trials of all sweeps that wait for a slot. */
export async function countWaiting(database: Database): Promise<number> {
  return database.trial.count({ where: { state: 'queued' } });
}
