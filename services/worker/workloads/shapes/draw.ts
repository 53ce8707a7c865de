import { mixHash, RandomStream, smoothNoise } from '../random.js';

/** Whether a point of the unit square around the shape's middle is within it; x to the right, y downwards, −1 … 1. */
type Outline = (x: number, y: number) => boolean;

/** Every shape by name, of about the same area. */
const outlines = {
  disc: (x, y) => x * x + y * y < 0.6,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.68,
  triangle: (x, y) => y < 0.6 && Math.abs(x) < 0.55 * (y + 0.95),
  ring: (x, y) => x * x + y * y < 0.85 && x * x + y * y > 0.3,
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) < 0.27 && Math.max(Math.abs(x), Math.abs(y)) < 0.9,
  bar: (x, y) => Math.abs(x) < 0.95 && Math.abs(y) < 0.35,
} as const satisfies Record<string, Outline>;

export const shapeNames = Object.keys(outlines) as (keyof typeof outlines)[];

/** Red, green and blue, 0 … 1. */
const colours = {
  red: [0.86, 0.18, 0.16],
  orange: [0.92, 0.52, 0.12],
  yellow: [0.88, 0.82, 0.2],
  green: [0.2, 0.66, 0.28],
  blue: [0.18, 0.36, 0.84],
  violet: [0.56, 0.26, 0.72],
} as const satisfies Record<string, readonly [number, number, number]>;

export const colourNames = Object.keys(colours) as (keyof typeof colours)[];

/** A picture before it is drawn. Lengths are shares of the image's side. */
export interface ShapePicture {
  readonly shape: number;
  readonly colour: number;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Cosine and sine of the turn. */
  readonly turn: readonly [number, number];
  /** Of the shape, with its own variation; and of the ground. */
  readonly paint: readonly number[];
  readonly ground: readonly number[];
  /** Where in the noise the ground's pattern lies. */
  readonly patternX: number;
  readonly patternY: number;
  /** Thin strokes across the picture: x, y and direction. */
  readonly strokes: readonly (readonly [number, number, number, number])[];
  /** Of the noise of single pixels. */
  readonly key: number;
}

/** What is on picture `index`; it follows from (seed, index). */
export function planPicture(seed: number, index: number): ShapePicture {
  const random = new RandomStream(seed, index);
  const shape = random.whole(0, shapeNames.length - 1);
  const colour = random.whole(0, colourNames.length - 1);
  const radius = random.between(0.24, 0.4);
  const light = random.between(0.55, 1.1);
  const pure = colours[colourNames[colour] ?? 'red'];
  const grey = random.between(0.15, 0.75);
  return {
    shape,
    colour,
    radius,
    x: random.between(radius, 1 - radius),
    y: random.between(radius, 1 - radius),
    turn: slightTurn(random),
    paint: pure.map((channel) => light * (channel + random.between(-0.13, 0.13))),
    ground: [0, 1, 2].map(() => grey + random.between(-0.12, 0.12)),
    patternX: random.between(0, 100),
    patternY: random.between(0, 100),
    strokes: Array.from({ length: random.whole(0, 2) }, () => {
      return [random.unit(), random.unit(), ...direction(random)] as const;
    }),
    key: random.key,
  };
}

/** Up to 31° to either side, from the tangent of half the angle. */
function slightTurn(random: RandomStream): [number, number] {
  const tangent = random.between(-0.28, 0.28);
  const square = tangent * tangent;
  return [(1 - square) / (1 + square), (2 * tangent) / (1 + square)];
}

/** A point of the unit circle, without sine or cosine, which differ between machines in their last bits. */
function direction(random: RandomStream): [number, number] {
  for (;;) {
    const [x, y] = [random.between(-1, 1), random.between(-1, 1)];
    const square = x * x + y * y;
    if (square > 1 || square < 0.01) continue;
    const length = Math.sqrt(square);
    return [x / length, y / length];
  }
}

/** Points looked at per pixel along each axis. */
const pointsPerSide = 3;
const strokeWidth = 0.02;

/**
 * @param noise strength of the noise of single pixels, 0 … 1
 * @returns size × size × 3, values 0 … 1 in steps of 1/255
 */
export function drawPicture(picture: ShapePicture, size: number, noise: number): Float32Array {
  const image = new Float32Array(3 * size * size);
  for (let pixel = 0; pixel < size * size; pixel += 1) {
    const [column, row] = [pixel % size, Math.floor(pixel / size)];
    const covered = coverage(picture, column / size, row / size, 1 / size);
    const pattern =
      0.7 + 0.6 * smoothNoise(picture.patternX + (8 * column) / size, picture.patternY + (8 * row) / size);
    const dark = isOnStroke(picture, (column + 0.5) / size, (row + 0.5) / size) ? 0.45 : 1;
    for (let channel = 0; channel < 3; channel += 1) {
      const behind = (picture.ground[channel] as number) * pattern * dark;
      const grain = noise * (mixHash(picture.key, 0x40000000 + 3 * pixel + channel) / 2 ** 32 - 0.5);
      const value = behind + covered * ((picture.paint[channel] as number) - behind) + grain;
      image[3 * pixel + channel] = Math.round(255 * Math.min(1, Math.max(0, value))) / 255;
    }
  }
  return image;
}

/** Share of a pixel that the shape covers. */
function coverage({ shape, x, y, radius, turn }: ShapePicture, left: number, top: number, side: number): number {
  const outline: Outline = outlines[shapeNames[shape] ?? 'disc'];
  const [cosine, sine] = turn;
  let inside = 0;
  for (let point = 0; point < pointsPerSide * pointsPerSide; point += 1) {
    const dx = (left + (side * ((point % pointsPerSide) + 0.5)) / pointsPerSide - x) / radius;
    const dy = (top + (side * (Math.floor(point / pointsPerSide) + 0.5)) / pointsPerSide - y) / radius;
    if (outline(cosine * dx + sine * dy, cosine * dy - sine * dx)) inside += 1;
  }
  return inside / pointsPerSide ** 2;
}

function isOnStroke({ strokes }: ShapePicture, x: number, y: number): boolean {
  return strokes.some(([fromX, fromY, alongX, alongY]) => {
    return Math.abs((x - fromX) * alongY - (y - fromY) * alongX) < strokeWidth;
  });
}
