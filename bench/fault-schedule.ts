import { runFaultSchedule, type FaultReport } from '../test/helpers/fault-schedule/run.js';
import type { BenchRecord } from './record.js';

const setting = {
  faults: 240,
  durationMs: 320_000,
  sweeps: 10,
  trialsPerSweep: 220,
  epochs: 5,
  workers: 3,
  coordinators: 2,
  slots: 8,
  epochMs: 200,
  leaseSeconds: 3,
  settleMs: 60_000,
} as const;

function complain(report: FaultReport): void {
  const { diagnosis, ...figures } = report;
  process.stderr.write(`${JSON.stringify(figures, undefined, 2)}\n${diagnosis}\n`);
}

/**
 * Real servers, two coordinators and three workers under a random schedule of faults that follows from its seed; the
 * trials are toys inside real agents.
 * @throws Error with the seed when an invariant is broken; what is needed to understand it is printed
 */
export async function run(seed = 20_261_128): Promise<readonly BenchRecord[]> {
  const began = performance.now();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const report = await runFaultSchedule({ ...setting, seed, say });
  complain(report);
  const broken = [report.stuck, report.lost, report.doubled, report.wrong, report.unlawful].flat();
  if (broken.length > 0) throw new Error(`the schedule of seed ${seed} broke ${broken.length} invariants, as above`);
  const beside = `seed ${seed}: two coordinators, three workers, ${setting.slots} slots each, leases of ${setting.leaseSeconds} s`;
  const name = (what: string): string => `random fault schedule: ${what}`;
  const records: [string, number, string][] = [
    ['faults injected', report.injected, 'faults'],
    ['trials', report.trials, 'trials'],
    ['attempts', report.attempts, 'attempts'],
    ['metric points acknowledged', report.acknowledged, 'points'],
    ['trials and points lost', report.lost.length, ''],
    ['trials and points doubled', report.doubled.length, ''],
    ['trials stuck', report.stuck.length, 'trials'],
    ['points gone with a deleted stream', report.goneWithStream, 'points'],
    ['from the last fault until all trials had ended', (report.settledMs ?? Number.NaN) / 1000, 's'],
    ['whole run', (performance.now() - began) / 1000, 's'],
  ];
  return records.map(([what, value, unit]) => ({ name: name(what), value, unit, comparedWith: beside }));
}
