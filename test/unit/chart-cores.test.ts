import { describe, expect, it } from 'vitest';
import { importances, type Observation } from '../../services/dashboard/charts/option-importance.js';
import { optionAxis, ranks } from '../../services/dashboard/charts/parallel-settings.js';
import { isDominated, staircase } from '../../services/dashboard/charts/pareto-front.js';
import { sharesOf } from '../../services/dashboard/charts/response-surface.js';
import { bandsOf, triangulate, type PlanePoint } from '../../services/dashboard/charts/surface.js';
import { finishedOverTime, timeGroups } from '../../services/dashboard/charts/time-and-throughput.js';
import { compactJson } from '../../services/dashboard/charts/compact-json.js';
import { drawChart } from '../../services/dashboard/charts/draw/draw.js';
import { lightInk } from '../../services/dashboard/charts/draw/ink.js';
import { planePoint } from '../../services/dashboard/charts/draw/ternary.js';
import type { Shares, TernaryChart } from '../../services/dashboard/charts/spec.js';

/** Twice the signed area of a polygon, by the shoelace formula. */
function twiceArea(polygon: readonly PlanePoint[]): number {
  return polygon.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = polygon[(index + 1) % polygon.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
}

const area = (polygons: readonly (readonly PlanePoint[])[]): number =>
  polygons.reduce((sum, polygon) => sum + Math.abs(twiceArea(polygon)) / 2, 0);

const lattice = (steps: number): PlanePoint[] =>
  Array.from({ length: steps + 1 }, (_, first) =>
    Array.from({ length: steps + 1 - first }, (_, second): Shares => [
      first / steps,
      second / steps,
      (steps - first - second) / steps,
    ]),
  )
    .flat()
    .map(planePoint);

describe('the surface over scattered points', () => {
  const scattered = Array.from({ length: 40 }, (_, index): PlanePoint => [
    (Math.sin(index * 12.9898) * 43758.5453) % 1,
    (Math.sin(index * 78.233) * 12543.123) % 1,
  ]);

  it('has no point within the circle through a triangle’s corners', () => {
    for (const triangle of triangulate(scattered)) {
      const [a, b, c] = triangle.map((index) => scattered[index] ?? [0, 0]) as [PlanePoint, PlanePoint, PlanePoint];
      const counterclockwise = Math.sign(twiceArea([a, b, c]));
      for (const [index, [x, y]] of scattered.entries()) {
        if (triangle.includes(index)) continue;
        // The in-circle determinant of Guibas & Stolfi 1985: positive within, for corners counterclockwise.
        const rows = [a, b, c].map(([px, py]) => [px - x, py - y, (px - x) ** 2 + (py - y) ** 2]);
        const [[r = 0, s = 0, t = 0] = [], [u = 0, v = 0, w = 0] = [], [p = 0, q = 0, o = 0] = []] = rows;
        const determinant = r * (v * o - w * q) - s * (u * o - w * p) + t * (u * q - v * p);
        expect(determinant * counterclockwise).toBeLessThan(1e-9);
      }
    }
  });

  it.each([1, 2, 4, 10])('covers the whole triangle of weights from a lattice of %i steps, once', (steps) => {
    const points = lattice(steps);
    const triangles = triangulate(points).map((triangle) => triangle.map((index) => points[index] ?? [0, 0]));
    expect(area(triangles as PlanePoint[][])).toBeCloseTo(Math.sqrt(3) / 4, 6);
    expect(triangles).toHaveLength(steps * steps);
  });

  it('has no triangle where all points are on a line', () => {
    expect(triangulate([0, 0.25, 0.5, 1].map((share) => planePoint([share, 1 - share, 0])))).toEqual([]);
  });

  it('cuts a plane into bands of the areas that geometry says', () => {
    // The height over the base runs from 0 to 1; below half of it lie three quarters of the area.
    const points = lattice(4);
    const values = points.map(([, y]) => y / (Math.sqrt(3) / 2));
    const [lower = [], upper = []] = bandsOf(points, values, [0, 0.5, 1]);
    expect(area(lower)).toBeCloseTo(((Math.sqrt(3) / 4) * 3) / 4, 6);
    expect(area(upper)).toBeCloseTo(Math.sqrt(3) / 16, 6);
  });
});

describe('shares of weights', () => {
  it('are weights over their sum, at the corners of the triangle for one task alone', () => {
    expect(sharesOf([2, 1, 1])).toEqual([0.5, 0.25, 0.25]);
    expect(sharesOf([0, 0, 0])).toBeUndefined();
    expect([planePoint([1, 0, 0]), planePoint([0, 1, 0]), planePoint([0, 0, 1])]).toEqual([
      [0, 0],
      [1, 0],
      [0.5, Math.sqrt(3) / 2],
    ]);
  });
});

describe('the Pareto front', () => {
  it('holds what no other beats in everything; equals do not dominate each other', () => {
    const all = [
      [3, 1],
      [2, 2],
      [1, 3],
      [1, 2],
      [2, 2],
    ];
    expect(all.map((goods) => isDominated(goods, all))).toEqual([false, false, false, true, false]);
  });

  it('lets only those dominate that do all of a setting’s tasks', () => {
    expect(isDominated([1, undefined], [[2, 5]])).toBe(true);
    expect(isDominated([1, 1], [[2, undefined]])).toBe(false);
  });

  it('is a staircase that bounds what is attained', () => {
    const front = [
      { x: 2, y: 1 },
      { x: 1, y: 3 },
    ];
    // More is better in x: to the right of (1, 3) only y = 1 is attained.
    expect(staircase(front, 'higher')).toEqual([
      { x: 1, y: 3 },
      { x: 1, y: 1 },
      { x: 2, y: 1 },
    ]);
    // Less is better in x: up to x = 2 the y of (1, 3) is attained.
    expect(staircase(front, 'lower')).toEqual([
      { x: 1, y: 3 },
      { x: 2, y: 3 },
      { x: 2, y: 1 },
    ]);
  });
});

describe('the importance of options', () => {
  const trial = (value: number, levels: Record<string, string>): Observation => {
    return { value, levels: new Map(Object.entries(levels)) };
  };

  it('splits the variance of a full factorial design into its main effects, exactly', () => {
    // value = 3a + b with a, b = ±1: variances 9 and 1 of 10.
    const full = [-1, 1].flatMap((a) => [-1, 1].map((b) => trial(3 * a + b, { a: String(a), b: String(b) })));
    expect(importances(full).map(({ factor, share }) => [factor, Number(share.toFixed(12))])).toEqual([
      ['a', 0.9],
      ['b', 0.1],
    ]);
  });

  it('agrees with a worked one-way analysis of variance', () => {
    // Groups 1 2 3, 2 3 4 and 6 7 8: between 42, within 6, whole 48; F = 21.
    const groups = { low: [1, 2, 3], middle: [2, 3, 4], high: [6, 7, 8] };
    const trials = Object.entries(groups).flatMap(([group, values]) => values.map((value) => trial(value, { group })));
    const [only] = importances(trials);
    expect(only?.share).toBeCloseTo(42 / 48, 12);
    expect(only?.corrected).toBeCloseTo((42 - 2 * 1) / 48, 12);
    expect(only).toMatchObject({ levels: 3, trials: 9 });
  });

  it('says nothing of a factor that has a level for each trial, or one level, nor of results without variance', () => {
    expect(importances([trial(1, { id: 'a', same: 'x' }), trial(2, { id: 'b', same: 'x' })])).toEqual([]);
    expect(importances([trial(1, { a: 'x' }), trial(1, { a: 'y' }), trial(1, { a: 'y' })])).toEqual([]);
  });
});

describe('parallel coordinates', () => {
  it('take numbers as numbers, several decades on a logarithmic axis, and all else as names', () => {
    expect(optionAxis('rate', ['0.001', '0.1', undefined])).toEqual({
      axis: { label: 'rate', logarithmic: true },
      values: [0.001, 0.1, null],
    });
    expect(optionAxis('model', ['b', 'a', 'b'])).toEqual({
      axis: { label: 'model', categories: ['b', 'a'] },
      values: [0, 1, 0],
    });
  });

  it('rank from worst to best in equal steps', () => {
    expect(ranks([5, -1, undefined, 7])).toEqual([0.5, 0, null, 1]);
    expect(ranks([4])).toEqual([1]);
  });
});

describe('time and throughput', () => {
  const time = (settingKey: string, device: string, from: number, to: number) => ({
    settingKey,
    backend: 'wasm',
    device,
    startedAt: new Date(from * 60_000),
    endedAt: new Date(to * 60_000),
    seconds: (to - from) * 60,
    steps: 10,
  });

  it('name devices only where there are several', () => {
    const method = (key: string): string => key.toUpperCase();
    const [a, b] = [time('a', 'laptop', 0, 1), time('b', 'server', 0, 1)];
    expect(timeGroups([a, a], method).map(({ label, times }) => [label, times.length])).toEqual([['A', 2]]);
    expect(timeGroups([a, b], method).map(({ label }) => label)).toEqual(['A, wasm on laptop', 'B, wasm on server']);
  });

  it('count what has finished since the first trial began, in the order of the ends, thinned out', () => {
    const times = [time('a', '', 10, 13), time('a', '', 11, 12)];
    expect(finishedOverTime(times)).toEqual([
      { x: 0, y: 0 },
      { x: 2, y: 1 },
      { x: 3, y: 2 },
    ]);
    const many = finishedOverTime(Array.from({ length: 1001 }, (_, index) => time('a', '', 0, index + 1)));
    expect(many.length).toBeLessThan(210);
    expect(many.at(-1)).toEqual({ x: 1001, y: 1001 });
  });
});

describe('charts as JSON', () => {
  it('are as exact as a chart needs, and whole numbers exactly', () => {
    expect(compactJson({ a: 1 / 3, b: 12_345_678, c: [1e-9 / 3], d: '0.123456789' })).toBe(
      '{"a":0.333333,"b":12345678,"c":[3.33333e-10],"d":"0.123456789"}',
    );
  });
});

describe('a drawn triangle', () => {
  /** A lattice of so many steps whose values rise towards one corner. */
  const chartOf = (steps: number): TernaryChart => ({
    kind: 'ternary',
    id: 'surface',
    title: 'Surface',
    valueLabel: 'IoU',
    better: 'higher',
    decimals: 1,
    corners: ['semantic', 'instance', 'depth'],
    points: Array.from({ length: steps + 1 }, (_, first) =>
      Array.from({ length: steps + 1 - first }, (_, second) => ({
        shares: [first / steps, second / steps, (steps - first - second) / steps] as const,
        value: 20 + first + 0.01 * second,
        seeds: 3,
        note: 'a setting',
      })),
    ).flat(),
    paths: [],
  });
  const numbersOf = (steps: number, width: number) => {
    const drawn = drawChart(chartOf(steps), [], { width, ink: lightInk, hidden: new Set(), alone: false });
    // Only the numbers of points have a halo.
    return [...drawn.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*paint-order[^>]*text-anchor="(\w+)">([^<]+)</g)].map(
      ([, x, y, anchor, text]) => ({ x: Number(x), y: Number(y), anchor, text }),
    );
  };

  it.each([
    [4, 300],
    [10, 400],
    [20, 300],
  ])('of %i steps and %i pixels writes the extremes, and no number over another', (steps, width) => {
    const numbers = numbersOf(steps, width);
    expect(numbers.map(({ text }) => text)).toContain((20 + steps).toFixed(1));
    expect(numbers.map(({ text }) => text)).toContain('20.0');
    for (const [index, one] of numbers.entries()) {
      for (const other of numbers.slice(index + 1)) {
        if (one.anchor !== other.anchor || Math.abs(one.y - other.y) >= 10.5) continue;
        expect(Math.abs(one.x - other.x)).toBeGreaterThan(18);
      }
    }
  });

  it('writes every number where there is room', () => {
    expect(numbersOf(4, 600)).toHaveLength(15);
  });
});
