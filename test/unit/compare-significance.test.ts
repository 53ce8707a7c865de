import { describe, expect, it } from 'vitest';
import { markColumn } from '../../services/shared/compare/close-to-best.js';
import { holm, pairedT } from '../../services/shared/compare/paired-test.js';
import { twoSidedT } from '../../services/shared/compare/t-distribution.js';

/** [degrees of freedom, t, two-sided probability], from scipy.stats.t.sf (SciPy 1.17). */
const scipy: readonly (readonly [number, number, number])[] = [
  [1, 0, 1],
  [1, 1.5, 0.374334083621998],
  [1, 40, 0.0159121798240516],
  [2, 0.3, 0.792485660840178],
  [2, 6.5, 0.0228601635963225],
  [3, 2.776, 0.0692210933510501],
  [5, 0.3, 0.776249042263275],
  [5, 40, 1.8411962171773e-7],
  [10, 2.776, 0.0195846182528958],
  [30, 6.5, 3.47804708797202e-7],
  [30, 40, 1.37260451944064e-27],
  [200, 0.3, 0.764488730189328],
  [200, 40, 2.24873965352022e-97],
];

describe("Student's t", () => {
  it.each(scipy)('with %i degrees of freedom at %d is as SciPy has it', (degrees, t, p) => {
    expect(twoSidedT(t, degrees) / p).toBeCloseTo(1, 10);
    expect(twoSidedT(-t, degrees)).toBe(twoSidedT(t, degrees));
  });

  it('has the closed forms of one and two degrees of freedom', () => {
    for (const t of [0.1, 1, 3, 20]) {
      expect(twoSidedT(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12);
      expect(twoSidedT(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 12);
    }
  });
});

describe('the paired t-test', () => {
  it('is as scipy.stats.ttest_rel has it', () => {
    expect(pairedT([1.2, 0.8, 1.9])?.p).toBeCloseTo(0.05605248723558254, 12);
    expect(pairedT([0.1, -0.3, 0.25, 0.4, -0.05])?.p).toBeCloseTo(0.5447691927746277, 12);
  });

  it('says nothing of one pair, and knows differences without spread', () => {
    expect(pairedT([1])).toBeUndefined();
    expect(pairedT([0, 0, 0])).toEqual({ pairs: 3, p: 1 });
    expect(pairedT([2, 2, 2])).toEqual({ pairs: 3, p: 0 });
  });
});

describe("Holm's correction", () => {
  it('is as worked out by hand, in the order given', () => {
    // Sorted: 0.01 × 4, 0.02 × 3, 0.03 × 2 (kept at 0.06), 0.9.
    expect(holm([0.03, 0.01, 0.9, 0.02])).toEqual([0.06, 0.04, 0.9, 0.06]);
    expect(holm([])).toEqual([]);
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
  });
});

describe('the marks of a column', () => {
  const column = (...rows: (readonly number[])[]) => rows.map((values) => new Map(values.map((v, seed) => [seed, v])));
  const shown = (value: number): string => value.toFixed(1);

  it('tell the best, what is close to it, and what is worse', () => {
    const marks = markColumn(column([60, 62, 61], [59.5, 62.2, 60.7], [50, 52.1, 50.9]), 'higher', shown);
    expect([...marks.best]).toEqual([0]);
    expect([...marks.close]).toEqual([1]);
    expect(marks.adjusted.get(2)).toBeLessThan(0.05);
  });

  it('pair by seed: a constant gap is seen through seeds that differ much', () => {
    const marks = markColumn(column([10, 50, 90, 30], [9, 48.9, 89.1, 28.9]), 'higher', shown);
    expect([...marks.close]).toEqual([]);
    const unpaired = markColumn(column([10, 50, 90, 30], [48.9, 28.9, 9, 89.1]), 'higher', shown);
    expect([...unpaired.close]).toEqual([1]);
  });

  it('call nothing close that could not be tested', () => {
    const marks = markColumn(column([60], [59.9]), 'higher', shown);
    expect([...marks.best]).toEqual([0]);
    expect([...marks.close]).toEqual([]);
    expect(marks.adjusted.size).toBe(0);
  });
});
