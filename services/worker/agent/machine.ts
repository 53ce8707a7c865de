import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Cores and memory this process may use: a container's share of the machine, where it has one. */
export function machineFacts(): { cores: number; freeBytes: number } {
  return { cores: coresWithin(availableParallelism(), readQuota()), freeBytes: process.availableMemory() };
}

/**
 * The cores that a control group's quota leaves.
 * @param quota the text of `cpu.max`: microseconds of processor time, or "max", in each period of microseconds
 */
export function coresWithin(cores: number, quota: string): number {
  const [time, period] = quota.trim().split(/\s+/).map(Number);
  if (time === undefined || period === undefined || !(time > 0) || !(period > 0)) return cores;
  return Math.max(1, Math.min(cores, Math.floor(time / period)));
}

function readQuota(): string {
  try {
    return readFileSync('/sys/fs/cgroup/cpu.max', 'utf8');
  } catch {
    // Another system, or a machine without control groups of version 2.
    return 'max 100000';
  }
}
