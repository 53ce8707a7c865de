import { encode } from 'fast-png';

const width = 64;
const height = 32;
const classColours = [
  [135, 176, 205],
  [128, 64, 128],
  [107, 142, 35],
  [190, 153, 153],
  [0, 0, 142],
] as const;

/** A small made-up picture: a horizon, some boxes; a prediction is its truth with ragged edges. */
export function samplePicture(task: string, kind: string, sample: number, epoch: number): Buffer {
  const data = new Uint8Array(width * height * 3);
  const ragged = kind === 'prediction' ? Math.max(1, 5 - Math.floor(epoch / 8)) : 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const noise = ((x * 7919 + y * 104729 + sample * 31) % 97) / 97;
      const at = x + Math.round((noise - 0.5) * 2 * ragged);
      const box = Math.abs(((at + sample * 13) % 24) - 12) < 5 && y > 9 && y < 25;
      const horizon = y < 12;
      const label = box ? 3 + (Math.floor((at + sample * 13) / 24) % 2) : horizon ? 0 : Math.abs(x - 32) < y ? 1 : 2;
      const colour = classColours[label] ?? classColours[0];
      const near = box ? 0.7 : horizon ? 0.05 : y / height;
      const shown =
        task === 'depth'
          ? [near * 255, near * 190 + 20, 140 - near * 120]
          : kind === 'input'
            ? colour.map((value) => value * 0.85 + noise * 35)
            : colour;
      data.set(
        shown.map((value) => Math.max(0, Math.min(255, Math.round(value)))),
        (y * width + x) * 3,
      );
    }
  }
  return Buffer.from(encode({ width, height, data, channels: 3, depth: 8 }));
}
