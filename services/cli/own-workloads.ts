import { setTimeout as after } from 'node:timers/promises';
import type { OwnWorkloads } from '../shared/catalog/own-workloads.js';
import { callCommand } from '../shared/nats/command-client.js';
import type { Connection } from '../shared/nats/connect.js';
import type { SweepSpec } from '../shared/sweep-spec/parse.js';
import type { WrittenSpec } from './read-spec.js';

const lookAgainMs = 250;

/**
 * The sweep that a written spec means. For a workload that workers bring along the coordinator is asked what it is.
 * @param waitMs how long a worker may take to bring it along
 * @throws SpecError with every fault, also when nobody has brought it along by then
 */
export async function meaningOf(connection: Connection, written: WrittenSpec, waitMs: number): Promise<SweepSpec> {
  if (written.spec !== undefined) return written.spec;
  const until = Date.now() + waitMs;
  for (;;) {
    const { workloads } = await callCommand(connection, 'workloads', {});
    const own: OwnWorkloads = new Map(workloads.map((entry) => [entry.name, entry]));
    if (own.has(written.ownWorkload ?? '') || Date.now() >= until) return written.validate(own);
    await after(lookAgainMs);
  }
}
