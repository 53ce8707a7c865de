import { describe, expect, it } from 'vitest';
import { GradientCosines } from '../../services/worker/trainer/gradient-cosines.js';

/** Inner products of vectors. */
const gramOf = (vectors: readonly (readonly number[])[]): number[][] =>
  vectors.map((a) => vectors.map((b) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)));

const at = (degrees: number, length: number): number[] => [
  length * Math.cos((degrees * Math.PI) / 180),
  length * Math.sin((degrees * Math.PI) / 180),
];

describe('cosines between the tasks’ gradients', () => {
  it('are means of the angles’ cosines, whatever the lengths, and begin anew', () => {
    const cosines = new GradientCosines(3);
    cosines.add(gramOf([at(0, 5), at(60, 0.1), at(180, 2)]));
    cosines.add(gramOf([at(0, 1), at(90, 30), at(180, 2)]));
    const found = cosines.take().map(({ first, second, cosine }) => [first, second, Number(cosine.toFixed(12))]);
    expect(found).toEqual([
      [0, 1, 0.25],
      [0, 2, -1],
      // 120° and 90°.
      [1, 2, -0.25],
    ]);
    expect(cosines.take()).toEqual([]);
  });

  it('leave out a gradient without a direction, and steps that diverged', () => {
    const cosines = new GradientCosines(2);
    cosines.add(gramOf([at(0, 0), at(0, 1)]));
    cosines.add([
      [NaN, 1],
      [1, 1],
    ]);
    expect(cosines.take()).toEqual([]);
  });

  it('go on from a saved state as if nothing had happened', () => {
    const [whole, first, second] = [new GradientCosines(2), new GradientCosines(2), new GradientCosines(2)];
    const [early, late] = [gramOf([at(0, 1), at(30, 1)]), gramOf([at(0, 1), at(80, 3)])];
    whole.add(early);
    first.add(early);
    second.state.numbers?.['sums']?.write(first.state.numbers?.['sums']?.read() ?? []);
    whole.add(late);
    second.add(late);
    expect(second.take()).toEqual(whole.take());
  });
});
