import { describe, expect, it } from 'vitest';
import { Draws } from '../../services/worker/weighting/draws.js';
import { alignment } from '../../services/worker/weighting/aligned-mtl.js';
import { impartialWeights } from '../../services/worker/weighting/impartial.js';
import { changePairwise } from '../../services/worker/weighting/solvers/conflicts.js';
import { solveLinearSystem } from '../../services/worker/weighting/solvers/linear-system.js';
import { dot, innerProduct, times } from '../../services/worker/weighting/solvers/matrix.js';
import { nashWeights } from '../../services/worker/weighting/solvers/nash.js';
import { conflictAverseWeights, lengthOf, minNormWeights } from '../../services/worker/weighting/solvers/simplex.js';
import { symmetricEigen } from '../../services/worker/weighting/solvers/symmetric-eigen.js';

const draws = new Draws(11, 99);
const vectors = (count: number, length: number, seed: number): number[][] =>
  Array.from({ length: count }, (_, row) =>
    Array.from({ length }, (__, index) => draws.normal(seed, row * length + index) * 10 ** (row % 3)),
  );
const gramOf = (rows: readonly (readonly number[])[]): number[][] => rows.map((a) => rows.map((b) => dot(a, b)));

/** Every point of a fine grid on the simplex of three weights. */
function* simplexGrid(steps: number): Generator<number[]> {
  for (let a = 0; a <= steps; a += 1) {
    for (let b = 0; a + b <= steps; b += 1) yield [a / steps, b / steps, (steps - a - b) / steps];
  }
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe('the point of a convex hull nearest to 0', () => {
  it.each(seeds)('is no worse than any of a grid of 20,000 points (%d)', (seed) => {
    const gram = gramOf(vectors(3, 4, seed));
    const alpha = minNormWeights(gram);
    expect(alpha.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    for (const value of alpha) expect(value).toBeGreaterThanOrEqual(0);
    let best = Infinity;
    for (const point of simplexGrid(200)) best = Math.min(best, lengthOf(gram, point));
    expect(lengthOf(gram, alpha)).toBeLessThanOrEqual(best * (1 + 1e-9));
    // And it meets the condition for the minimum: no corner's product is below its own squared length.
    const products = times(gram, alpha);
    const square = innerProduct(gram, alpha, alpha);
    for (const product of products)
      expect(product).toBeGreaterThanOrEqual(square - 1e-6 * Math.max(...products.map(Math.abs)));
  });

  it('of two vectors is the closed form of Sener & Koltun', () => {
    const gram = gramOf([
      [1, 2],
      [3, -1],
    ]);
    const expected = (dot([3, -1], [3, -1]) - dot([1, 2], [3, -1])) / dot([-2, 3], [-2, 3]);
    expect(minNormWeights(gram)[0]).toBeCloseTo(expected, 12);
    expect(minNormWeights(gramOf([[1], [3]]))).toEqual([1, 0]);
  });

  it('is found for gradients that are 0, alike or opposite', () => {
    expect(minNormWeights(gramOf([[0], [1]]))).toEqual([1, 0]);
    expect(lengthOf(gramOf([[2], [-1]]), minNormWeights(gramOf([[2], [-1]])))).toBeCloseTo(0, 6);
    expect(minNormWeights(gramOf([[1], [1]]))).toEqual([0.5, 0.5]);
  });
});

describe('the dual problem of CAGrad', () => {
  it.each(seeds)('is solved no worse than by any of a grid of points (%d)', (seed) => {
    const gram = gramOf(vectors(3, 5, seed + 100));
    const radius = 0.5 * lengthOf(gram, [1 / 3, 1 / 3, 1 / 3]);
    const objective = (weights: readonly number[]): number =>
      innerProduct(gram, weights, [1 / 3, 1 / 3, 1 / 3]) + radius * lengthOf(gram, weights);
    let best = Infinity;
    for (const point of simplexGrid(150)) best = Math.min(best, objective(point));
    const found = objective(conflictAverseWeights(gram, radius));
    expect(found).toBeLessThanOrEqual(best + 1e-9 * Math.abs(best));
  });
});

describe('the bargain of Nash', () => {
  it.each([2, 3, 5, 8])('solves GᵀG·α = 1/α for %d tasks', (count) => {
    const gram = gramOf(vectors(count, 20, count));
    const alpha = nashWeights(gram);
    times(gram, alpha).forEach((value, task) => expect(value * (alpha[task] ?? 0)).toBeCloseTo(1, 4));
    for (const value of alpha) expect(value).toBeGreaterThan(0);
  });

  it('leaves out a task without a gradient', () => {
    expect(nashWeights(gramOf([[0], [4]]))).toEqual([0, expect.closeTo(0.25, 6)]);
  });

  it('stays finite at a Pareto-stationary point', () => {
    for (const value of nashWeights(gramOf([[1], [-1]]))) expect(value).toBeGreaterThan(0);
    expect(nashWeights(gramOf([[1], [-1]])).every(Number.isFinite)).toBe(true);
  });
});

describe('eigenvalues by Jacobi', () => {
  it.each([1, 2, 3, 6])('give the matrix back, %d × %d', (size) => {
    const gram = gramOf(vectors(size, size + 2, size + 50));
    const pairs = symmetricEigen(gram);
    const largest = pairs[0]?.value ?? 0;
    gram.forEach((row, i) =>
      row.forEach((value, j) => {
        const rebuilt = pairs.reduce(
          (sum, pair) => sum + pair.value * (pair.vector[i] ?? 0) * (pair.vector[j] ?? 0),
          0,
        );
        expect((rebuilt - value) / largest).toBeCloseTo(0, 12);
      }),
    );
    pairs.forEach((a, i) => pairs.forEach((b, j) => expect(dot(a.vector, b.vector)).toBeCloseTo(Number(i === j), 12)));
    expect(pairs.map(({ value }) => value)).toEqual(pairs.map(({ value }) => value).sort((a, b) => b - a));
  });
});

describe('aligned components', () => {
  it('make the Gram matrix of the changed gradients a multiple of the identity', () => {
    const gram = gramOf(vectors(3, 30, 70));
    const b = alignment(gram);
    const smallest = symmetricEigen(gram).at(-1)?.value ?? Number.NaN;
    b.forEach((row, i) =>
      b.forEach((column, j) => {
        expect(innerProduct(gram, row, column) / smallest).toBeCloseTo(Number(i === j), 8);
      }),
    );
  });

  it('leave out directions without a gradient', () => {
    // Two of three gradients are the same: a plane is left.
    const gram = gramOf([
      [1, 0],
      [1, 0],
      [0, 3],
    ]);
    const b = alignment(gram);
    expect(b.flat().every(Number.isFinite)).toBe(true);
    const alpha = b.map((row) => dot(row, [1, 1, 1]));
    const update = [(alpha[0] ?? 0) + (alpha[1] ?? 0), 3 * (alpha[2] ?? 0)];
    expect(update[0]).toBeCloseTo(2, 6);
    expect(update[1]).toBeCloseTo(Math.SQRT2, 6);
  });
});

describe('impartial weights', () => {
  it.each(seeds)('sum to 1 and give equal projections on all gradients (%d)', (seed) => {
    const gram = gramOf(vectors(3, 6, seed + 200));
    const alpha = impartialWeights(gram);
    expect(alpha.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
    const projections = times(gram, alpha).map((value, task) => value / Math.sqrt(gram[task]?.[task] ?? 0));
    const scale = lengthOf(gram, alpha);
    for (const projection of projections) {
      expect((projection - (projections[0] ?? 0)) / scale).toBeCloseTo(0, 7);
    }
  });

  it('are equal where the conditions leave them open', () => {
    expect(impartialWeights(gramOf([[1], [1]]))).toEqual([0.5, 0.5]);
    expect(impartialWeights(gramOf([[0], [1]]))).toEqual([0.5, 0.5]);
  });
});

describe('linear systems', () => {
  it('are solved with a pivot of 0, and singular ones are told', () => {
    const matrix = [
      [0, 2, 1],
      [1, 0, 3],
      [2, 1, 0],
    ];
    expect(solveLinearSystem(matrix, times(matrix, [1, -2, 3]))).toEqual([1, -2, 3]);
    const singular = [
      [1, 2],
      [2, 4],
    ];
    expect(solveLinearSystem(singular, [1, 1])).toBeUndefined();
  });
});

describe('changes of gradients pair by pair', () => {
  it.each(seeds)('on the Gram matrix are those on the vectors themselves (%d)', (seed) => {
    const rows = vectors(4, 6, seed + 300);
    const order = draws.orderOfOthers(4, seed);
    const coefficients = changePairwise(gramOf(rows), order, ({ cosine, ratio }) => (cosine < 0 ? -cosine * ratio : 0));
    order.forEach((others, task) => {
      let vector = [...(rows[task] ?? [])];
      for (const other of others) {
        const met = rows[other] ?? [];
        const product = dot(vector, met);
        if (product < 0) vector = vector.map((value, index) => value - (product / dot(met, met)) * (met[index] ?? 0));
      }
      const combined = vector.map((_, index) =>
        dot(
          coefficients[task] ?? [],
          rows.map((row) => row[index] ?? 0),
        ),
      );
      const scale = Math.sqrt(dot(vector, vector));
      combined.forEach((value, index) => expect((value - (vector[index] ?? 0)) / scale).toBeCloseTo(0, 9));
    });
  });
});

describe('draws', () => {
  it('are a function of seed, step and index with the moments of their distributions', () => {
    const count = 20_000;
    const sample = Array.from({ length: count }, (_, index) => draws.normal(5, index));
    const mean = sample.reduce((sum, value) => sum + value, 0) / count;
    const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    // Five standard errors.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(count));
    expect(Math.abs(variance - 1)).toBeLessThan((5 * Math.SQRT2) / Math.sqrt(count));
    expect(new Draws(11, 99).normal(5, 7)).toBe(draws.normal(5, 7));
    expect(new Draws(12, 99).normal(5, 7)).not.toBe(draws.normal(5, 7));
    expect(draws.orderOfOthers(4, 3).map((others) => [...others].sort())).toEqual([
      [1, 2, 3],
      [0, 2, 3],
      [0, 1, 3],
      [0, 1, 2],
    ]);
  });
});
