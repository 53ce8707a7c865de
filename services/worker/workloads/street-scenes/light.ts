import type { RandomStream } from '../random.js';
import { unitVector, type Colour, type Vector } from './surface.js';

/** Light, air and sensor of one scene. */
export interface Light {
  /** Unit vector towards the sun. */
  readonly sun: Vector;
  readonly sunColour: Colour;
  /** Light of the sky, from everywhere. */
  readonly ambient: Colour;
  readonly zenith: Colour;
  /** Colour of the sky at the horizon and of haze. */
  readonly horizon: Colour;
  readonly cloudCover: number;
  readonly cloudShift: number;
  /** Metres after which haze hides half of a thing. */
  readonly hazeDistance: number;
  readonly exposure: number;
  /** Standard deviation of the sensor's noise, as a share of white. */
  readonly noise: number;
  /** Gains of red and blue: the camera's white balance is never quite right. */
  readonly balance: readonly [red: number, blue: number];
  /** How much darker the corners are. */
  readonly vignette: number;
}

type Weather = (random: RandomStream) => { sunlight: number; sky: number; warm: number; cloud: number; haze: number };

/** Kinds of weather, each about as frequent as it stands here. */
const weathers: readonly [Weather, ...Weather[]] = [
  // Clear
  (random) => ({
    sunlight: random.between(1.1, 1.8),
    sky: 0.45,
    warm: random.between(0, 0.2),
    cloud: random.between(0, 0.45),
    haze: random.between(350, 1500),
  }),
  (random) => ({
    sunlight: random.between(0.9, 1.5),
    sky: 0.45,
    warm: random.between(0, 0.3),
    cloud: random.between(0.3, 0.7),
    haze: random.between(250, 900),
  }),
  // Overcast
  (random) => ({
    sunlight: random.between(0, 0.15),
    sky: random.between(0.6, 0.9),
    warm: 0,
    cloud: random.between(0.85, 1),
    haze: random.between(120, 500),
  }),
  // Fog
  (random) => ({ sunlight: 0, sky: random.between(0.6, 0.9), warm: 0.05, cloud: 1, haze: random.between(35, 110) }),
  // Evening
  (random) => ({
    sunlight: random.between(0.3, 0.8),
    sky: random.between(0.25, 0.4),
    warm: random.between(0.5, 1),
    cloud: random.between(0.1, 0.7),
    haze: random.between(150, 700),
  }),
];

const mixed = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];
const scaled = (colour: Colour, factor: number): Colour => [colour[0] * factor, colour[1] * factor, colour[2] * factor];

export function drawLight(random: RandomStream): Light {
  const { sunlight, sky, warm, cloud, haze } = random.pick(weathers)(random);
  const side = random.chance(0.5) ? 1 : -1;
  const elevation = warm > 0.4 ? random.between(0.15, 0.5) : random.between(0.4, 1.6);
  const blue = mixed([0.16, 0.34, 0.75], [0.55, 0.62, 0.68], random.unit() * 0.6);
  const grey: Colour = [0.7, 0.74, 0.78];
  const glow: Colour = [1, 0.62, 0.36];
  const brightness = sky + 0.35 * sunlight;
  return {
    sun: unitVector([side * random.between(0.3, 1), elevation, random.between(-1, 0.8)]),
    sunColour: scaled(mixed([1, 0.96, 0.9], [1, 0.68, 0.4], warm), sunlight),
    ambient: scaled(mixed(mixed([0.85, 0.95, 1.1], grey, cloud), [1, 0.88, 0.85], 0.5 * warm), sky),
    zenith: scaled(mixed(blue, grey, cloud * cloud), 0.6 + 0.4 * brightness),
    horizon: scaled(mixed(mixed([0.75, 0.83, 0.92], grey, cloud), glow, 0.7 * warm), 0.6 + 0.45 * brightness),
    cloudCover: cloud,
    cloudShift: random.between(0, 100),
    hazeDistance: haze,
    exposure: random.between(0.85, 1.6) / (0.35 + 0.75 * brightness),
    noise: random.between(0.008, 0.035),
    balance: [random.between(0.9, 1.12), random.between(0.88, 1.12)],
    vignette: random.between(0, 0.35),
  };
}
