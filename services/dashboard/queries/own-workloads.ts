import type { OwnWorkloads } from '../../shared/catalog/own-workloads.js';
import type { Database } from '../../shared/db/connect.js';
import { readOwnWorkloads } from '../../shared/db/read-own-workloads.js';

/** The workloads that workers have brought along, which a spec may name. */
export function listOwnWorkloads(database: Database): Promise<OwnWorkloads> {
  return readOwnWorkloads(database);
}
