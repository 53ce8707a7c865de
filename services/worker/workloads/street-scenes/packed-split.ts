import type { Batch, Dataset, TargetArray } from '../workload.js';
import type { RenderedScene } from './render.js';

/** Bytes a pixel takes in a packed split. */
export const bytesPerPixel = 10;

/** Vectors are kept in steps of 1/32 px: a 1024 px wide image still fits 16 bits. */
const vectorSteps = 32;
/** In place of dx where a pixel belongs to no instance. */
const noVector = -32768;
/** Inverse depth is kept in steps of width / 2^17: the largest, half the width, is nearer than anything drawn. */
const depthSteps = 2 ** 17;

/** A split's images and labels in one block of memory; the block is what the cache file holds. */
export class PackedSplit implements Dataset {
  private readonly rgb: Uint8Array;
  private readonly classes: Int8Array;
  private readonly vectors: Int16Array;
  private readonly inverseDepth: Uint16Array;

  /** @param block length × height × width × `bytesPerPixel` bytes */
  constructor(
    readonly length: number,
    private readonly height: number,
    private readonly width: number,
    readonly block: ArrayBuffer,
  ) {
    const pixels = length * height * width;
    this.vectors = new Int16Array(block, 0, 2 * pixels);
    this.inverseDepth = new Uint16Array(block, 4 * pixels, pixels);
    this.rgb = new Uint8Array(block, 6 * pixels, 3 * pixels);
    this.classes = new Int8Array(block, 9 * pixels, pixels);
  }

  /** Stores a rendered scene as sample `position`. */
  store(position: number, scene: RenderedScene): void {
    const pixels = this.height * this.width;
    const first = position * pixels;
    this.rgb.set(scene.rgb, 3 * first);
    this.classes.set(scene.classes, first);
    const centroids = instanceCentroids(scene.instances, this.width);
    const depthScale = depthSteps / this.width;
    for (let pixel = 0; pixel < pixels; pixel += 1) {
      const depth = scene.inverseDepth[pixel] as number;
      // What is far but there must not become 0, which means nothing is there.
      this.inverseDepth[first + pixel] = depth === 0 ? 0 : Math.min(65535, Math.max(1, Math.round(depth * depthScale)));
      const centroid = centroids.get(scene.instances[pixel] as number);
      const at = 2 * (first + pixel);
      if (centroid === undefined) {
        this.vectors[at] = noVector;
      } else {
        this.vectors[at] = Math.round(vectorSteps * (centroid.x - (pixel % this.width)));
        this.vectors[at + 1] = Math.round(vectorSteps * (centroid.y - Math.floor(pixel / this.width)));
      }
    }
  }

  batch(indices: ArrayLike<number>, tasks: readonly string[]): Batch {
    const size = indices.length;
    const pixels = this.height * this.width;
    const images = new Float32Array(3 * size * pixels);
    this.eachSample(indices, (first, position) => {
      const to = 3 * position * pixels;
      const from = 3 * first;
      for (let value = 0; value < 3 * pixels; value += 1) images[to + value] = (this.rgb[from + value] as number) / 255;
    });
    const targets: Record<string, TargetArray> = {};
    for (const task of tasks) targets[task] = this.target(task, indices);
    return { size, images, targets };
  }

  private target(task: string, indices: ArrayLike<number>): TargetArray {
    switch (task) {
      case 'semantic':
        return this.semantic(indices);
      case 'instance':
        return this.instance(indices);
      case 'depth':
        return this.depth(indices);
      default:
        throw new RangeError(`street-scenes has the tasks semantic, instance and depth, not ${task}`);
    }
  }

  private semantic(indices: ArrayLike<number>): Int32Array {
    const pixels = this.height * this.width;
    const result = new Int32Array(indices.length * pixels);
    this.eachSample(indices, (first, position) => {
      result.set(this.classes.subarray(first, first + pixels), position * pixels);
    });
    return result;
  }

  private instance(indices: ArrayLike<number>): Float32Array {
    const pixels = this.height * this.width;
    const result = new Float32Array(3 * indices.length * pixels);
    this.eachSample(indices, (first, position) => {
      for (let pixel = 0; pixel < pixels; pixel += 1) {
        const dx = this.vectors[2 * (first + pixel)] as number;
        if (dx === noVector) continue;
        const to = 3 * (position * pixels + pixel);
        result[to] = dx / vectorSteps;
        result[to + 1] = (this.vectors[2 * (first + pixel) + 1] as number) / vectorSteps;
        result[to + 2] = 1;
      }
    });
    return result;
  }

  private depth(indices: ArrayLike<number>): Float32Array {
    const pixels = this.height * this.width;
    const result = new Float32Array(indices.length * pixels);
    const scale = this.width / depthSteps;
    this.eachSample(indices, (first, position) => {
      for (let pixel = 0; pixel < pixels; pixel += 1) {
        result[position * pixels + pixel] = (this.inverseDepth[first + pixel] as number) * scale;
      }
    });
    return result;
  }

  private eachSample(indices: ArrayLike<number>, visit: (firstPixel: number, position: number) => void): void {
    for (let position = 0; position < indices.length; position += 1) {
      const index = indices[position] as number;
      if (!Number.isInteger(index) || index < 0 || index >= this.length) {
        throw new RangeError(`sample ${index} is not one of 0 … ${this.length - 1}`);
      }
      visit(index * this.height * this.width, position);
    }
  }
}

export interface Centroid {
  readonly x: number;
  readonly y: number;
  readonly pixels: number;
}

/** Mean pixel position of each instance over its visible pixels, px; instance 0 (nothing) is not among them. */
export function instanceCentroids(instances: Uint16Array, width: number): Map<number, Centroid> {
  const sums = new Map<number, { x: number; y: number; pixels: number }>();
  instances.forEach((instance, pixel) => {
    if (instance === 0) return;
    const sum = sums.get(instance) ?? { x: 0, y: 0, pixels: 0 };
    sum.x += pixel % width;
    sum.y += Math.floor(pixel / width);
    sum.pixels += 1;
    sums.set(instance, sum);
  });
  return new Map(
    [...sums].map(([instance, { x, y, pixels }]) => [instance, { x: x / pixels, y: y / pixels, pixels }] as const),
  );
}
