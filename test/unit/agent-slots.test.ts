import { describe, expect, it } from 'vitest';
import { coresWithin } from '../../services/worker/agent/machine.js';
import { decideSlots, threadsOfTrainer, type SlotFacts } from '../../services/worker/agent/slots.js';

const gibibyte = 1024 ** 3;

describe('how many trials a worker trains at once', () => {
  const cases: { what: string; facts: Partial<SlotFacts>; slots: number }[] = [
    { what: 'one for each core on a backend of one thread', facts: { threads: 1 }, slots: 8 },
    { what: 'fewer when memory is short', facts: { threads: 1, freeBytes: 2 * gibibyte }, slots: 3 },
    { what: 'one when there is hardly any memory', facts: { threads: 1, freeBytes: 1 }, slots: 1 },
    { what: 'one on a backend that uses every core', facts: { threads: 8 }, slots: 1 },
    { what: 'one when a container has fewer cores than the backend sees', facts: { threads: 64 }, slots: 1 },
    { what: 'as many as its threads fit', facts: { threads: 3 }, slots: 2 },
    { what: 'one on a GPU whose memory is not known', facts: { threads: undefined }, slots: 1 },
    { what: 'one on a small GPU', facts: { threads: undefined, gpuBytes: 2 * gibibyte }, slots: 1 },
    { what: 'two on a GPU of 11 GiB', facts: { threads: undefined, gpuBytes: 11 * gibibyte }, slots: 2 },
    { what: 'four on the largest GPU', facts: { threads: undefined, gpuBytes: 80 * gibibyte }, slots: 4 },
    { what: 'one a core on a GPU', facts: { threads: undefined, gpuBytes: 80 * gibibyte, cores: 2 }, slots: 2 },
    { what: 'what was asked for', facts: { threads: 1, requested: 20, freeBytes: 1 }, slots: 20 },
  ];
  it.each(cases)('$what', ({ facts, slots }) => {
    const machine: SlotFacts = { requested: 0, cores: 8, freeBytes: 64 * gibibyte, threads: 1, gpuBytes: undefined };
    expect(decideSlots({ ...machine, ...facts }).slots).toBe(slots);
  });

  it('never lets native trainers use more threads than there are cores', () => {
    for (const cores of [1, 2, 7, 64]) {
      for (let requested = 1; requested <= cores; requested += 1) {
        const threads = threadsOfTrainer({ requested, cores, freeBytes: 1 });
        expect(threads).toBeGreaterThanOrEqual(1);
        expect(requested * threads).toBeLessThanOrEqual(cores);
      }
    }
    expect(threadsOfTrainer({ requested: 9, cores: 8, freeBytes: 64 * gibibyte })).toBe(1);
  });

  it.each([
    { what: 'one thread on each core', freeBytes: 64 * gibibyte, threads: 1, slots: 8 },
    { what: 'more threads where memory is short', freeBytes: 2 * gibibyte, threads: 2, slots: 3 },
    { what: 'all threads for the only trial that fits', freeBytes: 1, threads: 8, slots: 1 },
  ])('fills the machine with native trainers: $what', ({ freeBytes, threads, slots }) => {
    const machine = { requested: 0, cores: 8, freeBytes };
    expect(threadsOfTrainer(machine)).toBe(threads);
    expect(decideSlots({ ...machine, threads, gpuBytes: undefined }).slots).toBe(slots);
  });

  it.each([
    ['max 100000', 8],
    ['250000 100000', 2],
    ['50000 100000', 1],
    ['1600000 100000', 8],
    ['', 8],
  ])('takes the processor quota "%s" of 8 cores for %i', (quota, cores) => {
    expect(coresWithin(8, quota)).toBe(cores);
  });
});
