import type { Light } from './light.js';
import { smoothNoise } from '../random.js';
import type { ColourSlot } from './surface.js';

/** Leaves the light that comes from the sky's direction (x, y, z), a unit vector, in `slot`. */
export function paintSky(light: Light, x: number, y: number, z: number, slot: ColourSlot): void {
  const height = Math.max(0, y);
  const share = height / (height + 0.18);
  // A flat layer of clouds: nearer the horizon they are farther and smaller.
  const reach = 1.6 / (height + 0.12);
  const across = light.cloudShift + (x / Math.max(0.2, z)) * reach;
  const cloud =
    0.5 * smoothNoise(across, reach + light.cloudShift) +
    0.3 * smoothNoise(across * 2.3, reach * 2.3) +
    0.2 * smoothNoise(across * 5.1, reach * 5.1);
  const cover = Math.min(1, Math.max(0, (cloud - 0.75 + 0.6 * light.cloudCover) * 4));
  const bright = 0.75 + 0.5 * cloud;
  const towardsSun = Math.max(0, x * light.sun[0] + y * light.sun[1] + z * light.sun[2]);
  const power8 = eighthPower(towardsSun);
  const power64 = eighthPower(power8);
  const glow = 0.6 * power8 + power64;
  for (let channel = 0; channel < 3; channel += 1) {
    const zenith = light.zenith[channel] as number;
    const horizon = light.horizon[channel] as number;
    const clear = horizon + (zenith - horizon) * share;
    const clouded = clear + (horizon * bright - clear) * cover;
    slot[channel] = clouded + (light.sunColour[channel] as number) * glow;
  }
}

/** By multiplying: engines may round `**` differently. */
function eighthPower(x: number): number {
  const square = x * x;
  const fourth = square * square;
  return fourth * fourth;
}
