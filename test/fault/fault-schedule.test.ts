import { describe, expect, it } from 'vitest';
import { faultKinds, planFaults } from '../helpers/fault-schedule/schedule.js';
import { runFaultSchedule } from '../helpers/fault-schedule/run.js';

describe('a schedule of faults', () => {
  it('follows from its seed, holds each kind, and hits no target that is held', () => {
    const options = { seed: 7, faults: 60, durationMs: 60_000, workers: 3, coordinators: 2 };
    const faults = planFaults(options);
    expect(planFaults(options)).toEqual(faults);
    expect(planFaults({ ...options, seed: 8 })).not.toEqual(faults);
    expect(faults).toHaveLength(60);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(Object.keys(faultKinds).length);
    const busyUntil = new Map<string, number>();
    for (const { atMs, kind, target, holdMs } of faults) {
      const key = `${faultKinds[kind].target} ${target}`;
      expect(atMs).toBeGreaterThanOrEqual(busyUntil.get(key) ?? 0);
      busyUntil.set(key, atMs + holdMs);
    }
  });
});

describe('sweeps under random faults', () => {
  it('lose nothing, double nothing and come to an end', async () => {
    const lines: string[] = [];
    const report = await runFaultSchedule({
      seed: 1,
      faults: 24,
      durationMs: 15_000,
      sweeps: 3,
      trialsPerSweep: 30,
      epochs: 4,
      workers: 2,
      coordinators: 2,
      slots: 6,
      epochMs: 100,
      leaseSeconds: 3,
      settleMs: 60_000,
      say: (line) => lines.push(line),
    });
    const { diagnosis, ...figures } = report;
    const broken = `${lines.join('\n')}\n${JSON.stringify(figures, undefined, 2)}\n${diagnosis}`;
    for (const found of ['stuck', 'lost', 'doubled', 'wrong', 'unlawful'] as const) {
      expect(report[found], broken).toEqual([]);
    }
    expect(report.trials).toBe(90);
    expect(report.injected, broken).toBeGreaterThanOrEqual(20);
  });
});
