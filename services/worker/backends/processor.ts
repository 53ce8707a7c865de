import { cpus, totalmem } from 'node:os';
import type { UsableBackend } from './candidate.js';

/** What the backends that compute on the processor say of it. */
export function processorFacts(): Pick<UsableBackend, 'device' | 'driver' | 'memoryBytes' | 'failure'> {
  return {
    device: cpus()[0]?.model.trim() ?? 'CPU',
    driver: undefined,
    memoryBytes: memoryWithin(totalmem(), process.constrainedMemory()),
    failure: undefined,
  };
}

/**
 * The memory a process may use, bytes.
 * @param limit a container's; 0 or more than the machine has where there is none
 */
export function memoryWithin(total: number, limit: number): number {
  return limit > 0 && limit < total ? limit : total;
}
