import { ownWorkloadEntry, type OwnWorkloads } from '../catalog/own-workloads.js';
import type { Database } from './connect.js';

/**
 * The workloads that workers have brought along. Where several of one name were, that of the worker that was heard of
 * last counts, and one that is here before one that has gone.
 */
export async function readOwnWorkloads(database: Database): Promise<OwnWorkloads> {
  const rows = await database.$queryRaw<{ workloads: unknown }[]>`
    SELECT workloads FROM worker WHERE workloads <> '[]'::jsonb ORDER BY (state <> 'gone'), last_seen_at`;
  const entries = rows.flatMap(({ workloads }) => (Array.isArray(workloads) ? (workloads as unknown[]) : []));
  return new Map(
    entries.flatMap((stored) => {
      // One of another version of this software may say more than this one understands.
      const { data: entry } = ownWorkloadEntry.safeParse(stored);
      return entry === undefined ? [] : [[entry.name, entry] as const];
    }),
  );
}
