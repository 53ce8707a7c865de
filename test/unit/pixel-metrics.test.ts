import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../services/shared/version.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';
import type { OpenTask, TargetArray } from '../../services/worker/workloads/workload.js';

/** Made by test/fixtures/pixel_metrics.py, which has the same inputs and numpy's own metrics. */
interface Case {
  samples: number;
  seed: number;
  share: number;
  empty: number[];
  absent: number;
  expected: Record<MapKind, Record<string, number>>;
}
const cases = JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/pixel-metrics.json'), 'utf8')) as Case[];

const [height, width, classes] = [6, 8, 5];
const pixels = height * width;
const unit = width / 64;

function uniform(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    let x = Number((BigInt(index) * 2654435761n + BigInt(seed) * 40503n) % 2n ** 32n);
    x = (x ^ (x >>> 15)) >>> 0;
    x = Math.imul(x, 2246822519) >>> 0;
    return ((x ^ (x >>> 13)) >>> 0) / 2 ** 32;
  });
}

interface Inputs {
  readonly predictions: Float32Array;
  readonly targets: TargetArray;
}

/** @param each numbers of a pixel that does not count */
function withoutInvalid(targets: TargetArray, { samples, seed, share, empty }: Case, each: readonly number[]): void {
  uniform(samples * pixels, seed + 2).forEach((value, pixel) => {
    if (value >= share && !empty.includes(Math.floor(pixel / pixels))) return;
    targets.set(each, pixel * each.length);
  });
}

function distances(given: Case, scale: number): Inputs {
  const count = given.samples * pixels;
  const targets = Float32Array.from(uniform(count, given.seed), (value) => 0.1 + 5 * value);
  withoutInvalid(targets, given, [0]);
  return {
    targets,
    predictions: Float32Array.from(uniform(count, given.seed + 1), (value) => (8 * value) / scale - 1),
  };
}

const inputs = {
  segmentation: (given: Case): Inputs => {
    const count = given.samples * pixels;
    const targets = Int32Array.from(uniform(count, given.seed), (value) =>
      Math.floor(value * (classes - given.absent)),
    );
    withoutInvalid(targets, given, [-1]);
    const predictions = Float32Array.from(uniform(count * classes, given.seed + 1), (value, index) =>
      given.absent > 1 && index % classes === classes - 1 ? -9 : 6 * value - 3,
    );
    return { targets, predictions };
  },
  depth: (given: Case) => distances(given, unit),
  'metric-depth': (given: Case) => distances(given, 1),
  'inverse-depth': (given: Case) => distances(given, 1),
  'instance-vectors': (given: Case): Inputs => {
    const count = given.samples * pixels;
    const components = uniform(2 * count, given.seed).map((value) => 8 * value - 4);
    const targets = Float32Array.from({ length: 3 * count }, (_, at) =>
      at % 3 === 2 ? 1 : (components[2 * Math.floor(at / 3) + (at % 3)] as number),
    );
    withoutInvalid(targets, given, [0, 0, 0]);
    const predictions = Float32Array.from(uniform(2 * count, given.seed + 1), (value) => (8 * value - 4) / unit);
    return { targets, predictions };
  },
  normals: (given: Case): Inputs => {
    const count = given.samples * pixels;
    const raw = uniform(3 * count, given.seed).map((value) => value - 0.5);
    const targets = Float32Array.from(raw, (value, at) => {
      const begin = 3 * Math.floor(at / 3);
      return value / Math.hypot(...raw.slice(begin, begin + 3));
    });
    const predictions = Float32Array.from(
      uniform(3 * count, given.seed + 1),
      (value, at) => 3 * ((targets[at] as number) + value - 0.5),
    );
    withoutInvalid(targets, given, [0, 0, 0]);
    return { targets, predictions };
  },
} as const;
type MapKind = keyof typeof inputs;

const channels: Readonly<Record<MapKind, number>> = {
  segmentation: classes,
  depth: 1,
  'metric-depth': 1,
  'inverse-depth': 1,
  'instance-vectors': 2,
  normals: 3,
};

describe.each(Object.keys(inputs) as MapKind[])('metrics of %s', (kind) => {
  const task: OpenTask = {
    name: kind,
    kind,
    label: kind,
    output: 'map',
    outputChannels: channels[kind],
    channelNames: [],
  };

  it.each(cases)('are those of numpy: $samples pictures, $share invalid, none valid in $empty', (given) => {
    const { predictions, targets } = inputs[kind](given);
    const expected = given.expected[kind];
    for (const batch of [1, 2, given.samples]) {
      const accumulator = taskKindImplementations[kind].accumulator(task, height, width);
      for (let start = 0; start < given.samples; start += batch) {
        const end = Math.min(given.samples, start + batch);
        const part = <Values extends TargetArray>(values: Values): Values =>
          values.subarray((values.length / given.samples) * start, (values.length / given.samples) * end) as Values;
        accumulator.update(part(predictions), part(targets), end - start);
      }
      const result = accumulator.result();
      expect(Object.keys(result).sort()).toEqual(Object.keys(expected).sort());
      for (const [metric, value] of Object.entries(expected)) {
        // A relative error of 1e-6: angles are kept in single precision.
        expect(Math.abs((result[metric] ?? NaN) - value), metric).toBeLessThanOrEqual(
          1e-6 * Math.max(1, Math.abs(value)),
        );
      }
    }
  });
});

describe('the cases', () => {
  it('have valid pixels and none, and shares that are neither 0 nor 1', () => {
    const measured = cases.map(({ expected }) => Object.keys(expected.normals).length);
    expect(measured.filter((count) => count === 0)).toHaveLength(1);
    for (const { expected } of cases.slice(0, 3)) {
      for (const metric of ['within11', 'within22', 'within30']) {
        expect(expected.normals[metric]).toBeGreaterThan(0);
        expect(expected.normals[metric]).toBeLessThan(1);
      }
    }
  });
});
