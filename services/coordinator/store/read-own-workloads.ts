import type { OwnWorkloads } from '../../shared/catalog/own-workloads.js';
import type { Database } from '../../shared/db/connect.js';
import { readOwnWorkloads as read } from '../../shared/db/read-own-workloads.js';

/** See the query; most specs name none, and then nothing is read. */
export async function readOwnWorkloads(database: Database, spec: unknown): Promise<OwnWorkloads> {
  const isOwn = typeof spec === 'object' && spec !== null && 'workload' in spec && spec.workload === 'own';
  return isOwn ? read(database) : new Map();
}
