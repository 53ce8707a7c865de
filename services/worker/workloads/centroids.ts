export interface Centroid {
  readonly x: number;
  readonly y: number;
  readonly pixels: number;
}

/** Mean pixel position of each instance over its visible pixels, px; instance 0 (nothing) is not among them. */
export function instanceCentroids(instances: ArrayLike<number>, width: number): Map<number, Centroid> {
  const sums = new Map<number, { x: number; y: number; pixels: number }>();
  for (let pixel = 0; pixel < instances.length; pixel += 1) {
    const instance = instances[pixel] as number;
    if (instance === 0) continue;
    const sum = sums.get(instance) ?? { x: 0, y: 0, pixels: 0 };
    sum.x += pixel % width;
    sum.y += Math.floor(pixel / width);
    sum.pixels += 1;
    sums.set(instance, sum);
  }
  return new Map(
    [...sums].map(([instance, { x, y, pixels }]) => [instance, { x: x / pixels, y: y / pixels, pixels }] as const),
  );
}

/**
 * The target of instance vectors.
 * @param instances number of each pixel's instance, row-major; 0 = none
 * @returns (dx, dy, valid) of each pixel, px: from the pixel to its instance's centroid
 */
export function vectorsToCentroids(instances: ArrayLike<number>, width: number): Float32Array {
  const centroids = instanceCentroids(instances, width);
  const vectors = new Float32Array(3 * instances.length);
  for (let pixel = 0; pixel < instances.length; pixel += 1) {
    const centroid = centroids.get(instances[pixel] as number);
    if (centroid === undefined) continue;
    vectors[3 * pixel] = centroid.x - (pixel % width);
    vectors[3 * pixel + 1] = centroid.y - Math.floor(pixel / width);
    vectors[3 * pixel + 2] = 1;
  }
  return vectors;
}
