import type { Database } from '../../shared/db/connect.js';
import type { WorkerPresence } from '../../shared/messages/workers.js';
import { storableText } from './storable-text.js';

/**
 * Writes what a worker said about itself. `gone` is a worker's last word: each start has an id of its own, so an older
 * word that another coordinator was slower to write does not bring it back.
 */
export async function recordPresence(database: Database, presence: WorkerPresence): Promise<void> {
  const { workerId, pid, slots, trials, state, labels, commands, workloads } = presence;
  const { name, host, softwareVersion, backend, backendReason, device } = presence;
  const { driver = null, memoryBytes = null, threads = null } = presence;
  await database.$executeRaw`
    INSERT INTO worker (id, name, host, pid, software_version, backend, backend_reason, device, driver,
      memory_bytes, threads, slots, labels, commands, workloads, trials, state)
    VALUES (${workerId}, ${storableText(name)}, ${storableText(host)}, ${pid}, ${storableText(softwareVersion)},
      ${storableText(backend)}, ${storableText(backendReason)}, ${storableText(device)},
      ${driver === null ? null : storableText(driver)}, ${memoryBytes}::int8, ${threads}::int4, ${slots},
      ${labels}::text[], ${commands}::text[],
      ${JSON.stringify(workloads)}::jsonb, ${trials}::text[], ${state})
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, pid = excluded.pid,
      software_version = excluded.software_version, backend = excluded.backend,
      backend_reason = excluded.backend_reason, device = excluded.device,
      driver = excluded.driver, memory_bytes = excluded.memory_bytes, threads = excluded.threads, slots = excluded.slots,
      labels = excluded.labels, commands = excluded.commands, workloads = excluded.workloads,
      trials = excluded.trials, state = excluded.state, last_seen_at = now()
    WHERE worker.state <> 'gone'`;
}
