import type { Comparison } from '../../shared/compare/comparison.js';
import type { Database } from '../../shared/db/connect.js';
import type { SettingOptions } from '../compare/options.js';
import type { ProtocolFacts } from '../report/protocol.js';
import type { SweepOverview } from './sweeps.js';

interface DeviceRow {
  backend: string;
  device: string;
  driver: string | null;
  versions: string[];
  trials: number;
  seconds: number;
}

/** What is known of how a sweep was trained, beside its comparison and options, which the caller has read already. */
export async function readProtocolFacts(
  database: Database,
  sweep: Pick<SweepOverview, 'id' | 'createdAt' | 'endedAt'>,
  comparison: Comparison,
  options: ReadonlyMap<string, SettingOptions>,
): Promise<ProtocolFacts> {
  const [devices, [lost]] = await Promise.all([
    database.$queryRaw<DeviceRow[]>`
      SELECT a.backend, a.device, max(w.driver) AS driver, count(*)::int AS trials,
        coalesce(array_agg(DISTINCT w.software_version) FILTER (WHERE w.id IS NOT NULL), '{}') AS versions,
        sum(extract(epoch FROM a.ended_at - a.started_at))::float8 AS seconds
      FROM trial t JOIN attempt a ON a.trial_id = t.id AND a.number = t.attempt
        LEFT JOIN worker w ON w.id = a.worker_id
      WHERE t.sweep_id = ${sweep.id} AND t.state = 'succeeded'
      GROUP BY a.backend, a.device ORDER BY trials DESC, a.backend, a.device`,
    database.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM trial t JOIN attempt a ON a.trial_id = t.id
      WHERE t.sweep_id = ${sweep.id} AND a.number < t.attempt`,
  ]);
  return {
    comparison,
    options,
    createdAt: sweep.createdAt,
    endedAt: sweep.endedAt ?? undefined,
    devices: devices.map(({ driver, ...device }) => ({ ...device, driver: driver ?? undefined })),
    lostAttempts: lost?.count ?? 0,
  };
}

/** The sweep's spec as it was submitted, defaults filled in. */
export async function readSpec(database: Database, sweepId: string): Promise<unknown> {
  const row = await database.sweep.findUnique({ where: { id: sweepId }, select: { spec: true } });
  return row?.spec;
}
