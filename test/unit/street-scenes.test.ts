import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { streetScenesOptions, type StreetScenesOptions } from '../../services/shared/catalog/workloads.js';
import type { OpenWorkload } from '../../services/worker/workloads/workload.js';
import { classNumber, sceneClasses } from '../../services/worker/workloads/street-scenes/classes.js';
import { stereoBaseline } from '../../services/worker/workloads/street-scenes/camera.js';
import { firstIndexOf } from '../../services/worker/workloads/first-index.js';
import { SampleCoder } from '../../services/worker/workloads/packed/layout.js';
import { createRenderer } from '../../services/worker/workloads/street-scenes/render.js';
import { drawScene } from '../../services/worker/workloads/street-scenes/scene.js';
import {
  cacheFileOf,
  sceneLayout,
  sceneSample,
  streetScenes,
} from '../../services/worker/workloads/street-scenes/workload.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-scenes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [height, width] = [32, 64];
const options = (changes: Partial<StreetScenesOptions> = {}): StreetScenesOptions =>
  streetScenesOptions.parse({ train: 12, validation: 4, test: 4, height, width, ...changes });
const open = (changes: Partial<StreetScenesOptions> = {}, cache = folder): Promise<OpenWorkload> =>
  streetScenes.open(options(changes), { cacheFolder: cache });
const allTasks = ['semantic', 'instance', 'depth'];
const wholeOf = (workload: OpenWorkload, split: 'train' | 'validation' | 'test') => {
  const dataset = workload.splits[split];
  return dataset.batch(
    Array.from({ length: dataset.length }, (_, index) => index),
    allTasks,
  );
};

describe('the street scenes', () => {
  it('are the same for the same seed and index, whatever was generated before them', () => {
    const inOrder = createRenderer(height, width);
    const scenes = [0, 1, 2, 3].map((index) => structuredClone(inOrder(drawScene(5, index))));
    const backwards = createRenderer(height, width);
    for (const index of [3, 2, 1, 0]) expect(backwards(drawScene(5, index))).toEqual(scenes[index]);
    expect(inOrder(drawScene(6, 0)).rgb).not.toEqual(scenes[0]?.rgb);
    expect(scenes[0]?.rgb).not.toEqual(scenes[1]?.rgb);
  });

  it('do not depend on the size of the split, and no split shares a scene with another', async () => {
    const small = wholeOf(await open(), 'train');
    const large = (await open({ train: 20 })).splits.train.batch([3], allTasks);
    expect(large.images).toEqual(small.images.slice(3 * 3 * height * width, 4 * 3 * height * width));
    const starts = Object.values(firstIndexOf).sort((a, b) => a - b);
    const most = 100_000;
    starts.slice(1).forEach((start, place) => expect(start - (starts[place] ?? 0)).toBeGreaterThanOrEqual(most));
  });

  it('have every class, instances, and depths, in shares that leave something to learn', async () => {
    const { targets } = wholeOf(await open({ train: 40 }), 'train');
    const labels = targets['semantic'] ?? [];
    const counts = sceneClasses.map((_, label) => labels.filter((other: number) => other === label).length);
    counts.forEach((count, label) => expect(count, sceneClasses[label]).toBeGreaterThan(0));
    expect(Math.max(...counts) / labels.length).toBeLessThan(0.6);
    const vectors = targets['instance'] ?? [];
    const valid = Array.from({ length: vectors.length / 3 }, (_, pixel) => vectors[3 * pixel + 2]);
    expect(valid.filter((one) => one === 1).length / valid.length).toBeGreaterThan(0.02);
  });

  it('have depth exactly where there is no sky and no bonnet, and flat ground of the right inverse depth', () => {
    const render = createRenderer(height, width);
    for (let index = 0; index < 12; index += 1) {
      const scene = drawScene(1, index);
      const { classes, inverseDepth } = render(scene);
      const { camera } = scene;
      const focal = camera.focal * width;
      classes.forEach((label, pixel) => {
        const depth = inverseDepth[pixel] ?? 0;
        expect(depth > 0).toBe(label !== classNumber.sky && label !== -1);
        if (label !== classNumber.road) return;
        // A ray through the pixel's middle meets the plane y = 0 at distance z along the optical axis:
        // with d = forward + a·right + b·up and eye height h, z = −h / d_y, and inverse depth = focal · baseline / z.
        const a = ((pixel % width) + 0.5 - width / 2) / focal;
        const b = (height / 2 - Math.floor(pixel / width) - 0.5) / focal;
        const down = -(camera.forward[1] + a * camera.right[1] + b * camera.up[1]);
        const expected = (focal * stereoBaseline * down) / camera.place[1];
        // Labels are those of the nearest of four rays, which lie within half a pixel of its middle.
        const tolerance =
          (0.5 * stereoBaseline * (Math.abs(camera.up[1]) + Math.abs(camera.right[1]))) / camera.place[1];
        expect(Math.abs(depth - expected)).toBeLessThanOrEqual(tolerance + 1e-3);
      });
    }
  });

  it('have instance vectors that end at the mean place of the instance’s pixels', () => {
    const render = createRenderer(height, width);
    const coder = new SampleCoder(sceneLayout(height, width));
    const packed = new ArrayBuffer(coder.stride);
    let checked = 0;
    for (let index = 0; index < 8; index += 1) {
      const rendered = render(drawScene(2, index));
      coder.encode(sceneSample(rendered, width), packed, 0);
      const vectors = new Float32Array(3 * height * width);
      coder.decode('instance', packed, 0, vectors);
      for (const instance of new Set(rendered.instances)) {
        const pixels = [...rendered.instances.keys()].filter((pixel) => rendered.instances[pixel] === instance);
        if (instance === 0) {
          for (const pixel of pixels) expect(vectors[3 * pixel + 2]).toBe(0);
          continue;
        }
        const mean = (of: (pixel: number) => number): number =>
          pixels.reduce((sum, pixel) => sum + of(pixel), 0) / pixels.length;
        const [x, y] = [mean((pixel) => pixel % width), mean((pixel) => Math.floor(pixel / width))];
        for (const pixel of pixels) {
          expect((pixel % width) + (vectors[3 * pixel] ?? NaN)).toBeCloseTo(x, 1);
          expect(Math.floor(pixel / width) + (vectors[3 * pixel + 1] ?? NaN)).toBeCloseTo(y, 1);
          checked += 1;
        }
      }
    }
    expect(checked).toBeGreaterThan(100);
  });

  it('come from the cache the second time, and a broken cache file is made again', async () => {
    const cache = mkdtempSync(join(folder, 'cache-'));
    const first = wholeOf(await open({}, cache), 'test');
    const file = cacheFileOf(options(), 'test', cache);
    const good = readFileSync(file);
    // Another picture in a file with a right checksum shows that the second opening reads it.
    expect(wholeOf(await open({}, cache), 'test')).toEqual(first);
    for (const broken of [good.subarray(0, 1000), Buffer.alloc(0), Buffer.from(good).fill(7, 2000, 2010)]) {
      writeFileSync(file, broken);
      expect(wholeOf(await open({}, cache), 'test')).toEqual(first);
      expect(readFileSync(file)).toEqual(good);
    }
    expect(readdirSync(cache).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('refuse a split that would not fit into memory, before generating it', async () => {
    await expect(open({ train: 100_000, height: 512, width: 1024 })).rejects.toMatchObject({ code: 'DATA_TOO_LARGE' });
  });
});
