/** Three predictions for each pixel of a picture: water or land, height, and the direction of the ground. */
import { defineWorkload, RandomStream, z } from 'sigmasweep/workload';

export default defineWorkload({
  name: 'islands',
  description: 'Generated islands from above, lit from the north-west: water, height and surface normals.',
  tasks: {
    ground: { kind: 'segmentation', label: 'Ground', classes: ['water', 'beach', 'hill'] },
    height: { kind: 'inverse-depth', label: 'Height' },
    slope: { kind: 'normals', label: 'Slope' },
  },
  options: z.strictObject({
    train: z.int().min(1).max(100_000).default(600).describe('Number of training pictures.'),
    height: z.int().min(16).max(512).multipleOf(8).default(32),
    width: z.int().min(16).max(512).multipleOf(8).default(48),
  }),
  data({ train, height, width }) {
    const split = (first: number, length: number) => ({
      length,
      sample: (index: number) => island(height, width, new RandomStream(2, first + index)),
    });
    return {
      input: { height, width, channels: 3, numbers: 'floats' },
      splits: { train: split(0, train), validation: split(1_000_000, 100), test: split(2_000_000, 200) },
    };
  },
});

function island(height: number, width: number, random: RandomStream) {
  const waves = Array.from({ length: 6 }, (_, index) => ({
    across: (random.between(-1, 1) * (index + 1)) / width,
    down: (random.between(-1, 1) * (index + 1)) / height,
    phase: random.unit(),
    size: 0.4 / (index + 1),
  }));
  const level = (x: number, y: number): number => {
    const far = Math.hypot(x / width - 0.5, y / height - 0.5);
    const rough = waves.reduce(
      (sum, { across, down, phase, size }) => sum + size * Math.sin(2 * Math.PI * (across * x + down * y + phase)),
      0,
    );
    return 0.7 - 2 * far + 0.6 * rough;
  };
  const pixels = height * width;
  const input = new Float32Array(3 * pixels);
  const ground = new Int32Array(pixels);
  const above = new Float32Array(pixels);
  const slope = new Float32Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const here = level(x, y);
    const isWater = here <= 0;
    ground[pixel] = isWater ? 0 : here < 0.15 ? 1 : 2;
    // Water is flat, and how deep it is nobody sees: 0 is "not known".
    above[pixel] = isWater ? 0 : here;
    const normal = isWater ? [0, 0, 1] : unit([here - level(x + 1, y), here - level(x, y + 1), 0.15]);
    slope.set(normal, 3 * pixel);
    const light = 0.5 + 0.5 * (0.6 * (normal[0] ?? 0) + 0.6 * (normal[1] ?? 0) + 0.5 * (normal[2] ?? 0));
    const colour = isWater ? [0.1, 0.3, 0.6] : here < 0.15 ? [0.9, 0.8, 0.5] : [0.2, 0.6, 0.25];
    colour.forEach((share, channel) => {
      input[3 * pixel + channel] = Math.min(1, Math.max(0, share * light + random.between(-0.04, 0.04)));
    });
  }
  return { input, targets: { ground, height: above, slope } };
}

function unit([x, y, z]: readonly [number, number, number]): number[] {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}
