import { classNumber } from './classes.js';
import { cellNoise, smoothNoise } from '../random.js';
import type { Scene } from './scene.js';
import { plotEdge, streetEnd, streetStart, type Side } from './street.js';
import { colourOf, setColour, type ColourSlot } from './surface.js';

const asphalt = colourOf(104, 104, 108);
const slabs = [
  colourOf(150, 146, 140),
  colourOf(122, 118, 116),
  colourOf(165, 140, 125),
  colourOf(110, 110, 112),
] as const;
const grass = colourOf(92, 112, 60);
const kerbStone = colourOf(170, 168, 162);
const marking = colourOf(225, 225, 220);

const binLength = 1;
const binCount = Math.ceil((streetEnd - streetStart) / binLength);

/** What lies beside the road, in bins along it: looked up for every sample of the ground. */
interface SideBins {
  readonly sideStreet: Uint8Array;
  readonly yardIsGrass: Uint8Array;
  /** Metres from the road's middle towards this side from which on its buildings keep the sun off; 9999: nowhere. */
  readonly shadeFrom: Float32Array;
}

export interface Ground {
  /** Class number at a world place. */
  classAt(x: number, z: number): number;
  /** Leaves the reflected share of light in `slot` and returns whether the sun reaches the place. */
  paint(x: number, z: number, grain: number, slot: ColourSlot): boolean;
}

function binsOf(scene: Scene, side: Side): SideBins {
  const bins: SideBins = {
    sideStreet: new Uint8Array(binCount),
    yardIsGrass: new Uint8Array(binCount),
    shadeFrom: new Float32Array(binCount).fill(9999),
  };
  const { sun } = scene.light;
  const shades = sun[0] * side.sign > 0;
  for (const plot of side.plots) {
    const wall = plotEdge(scene.street, side) + plot.setback;
    const first = Math.ceil((plot.start - streetStart) / binLength - 0.5);
    const end = Math.min(binCount, Math.ceil((plot.end - streetStart) / binLength - 0.5));
    for (let bin = first; bin < end; bin += 1) {
      bins.sideStreet[bin] = plot.kind === 'side-street' ? 1 : 0;
      bins.yardIsGrass[bin] = plot.kind === 'garden' || plot.yard === 'grass' ? 1 : 0;
      if (shades && plot.height > 0) bins.shadeFrom[bin] = wall - (plot.height * Math.abs(sun[0])) / sun[1];
    }
  }
  return bins;
}

/** Road, pavements and yards of a scene, as a function of the place. */
export function groundOf(scene: Scene): Ground {
  const { street, key } = scene;
  const bins = street.sides.map((side) => binsOf(scene, side)) as [SideBins, SideBins];
  const shift = (key & 1023) / 8;
  const slab = slabs[key & 3] ?? slabs[0];
  const tone = 0.75 + ((key >>> 4) & 255) / 400;
  const slabTone = 0.8 + ((key >>> 12) & 255) / 600;
  const centreDashed = (key >>> 20) % 3 !== 0;
  const edgeLines = (key >>> 22) % 2 === 0;
  const zebraEnd = (street.zebra ?? 0) + 3;
  const binOf = (z: number): number => Math.max(0, Math.min(binCount - 1, Math.floor((z - streetStart) / binLength)));

  const classAt = (x: number, z: number): number => {
    const s = x - 0.5 * street.curvature * z * z;
    const index = s < 0 ? 0 : 1;
    const side = street.sides[index];
    const aside = Math.abs(s);
    if (aside < street.roadHalf) return classNumber.road;
    const bin = binOf(z);
    if (bins[index].sideStreet[bin] === 1 && z < streetEnd - 2) return classNumber.road;
    if (aside < street.roadHalf + 0.15) return classNumber.pavement;
    if (aside < street.roadHalf + side.verge) return classNumber.vegetation;
    if (aside < street.roadHalf + side.verge + side.pavement) return classNumber.pavement;
    return bins[index].yardIsGrass[bin] === 1 ? classNumber.vegetation : classNumber.pavement;
  };

  /** How much of a lane marking there is at a place, 0 … 1: worn, and paler where it is thinner than a sample. */
  const markingAt = (s: number, z: number, grain: number): number => {
    const aside = Math.abs(s);
    const worn = 0.45 + 0.6 * smoothNoise(shift + s * 2, z * 2);
    if (street.zebra !== undefined && z > street.zebra && z < zebraEnd) {
      return Math.floor(s + 100) % 2 === 0 && aside < street.roadHalf - 0.2 ? worn : 0;
    }
    const thin = Math.min(1, 0.15 / grain) * worn;
    const line = Math.max(0.08, 0.5 * grain);
    if (aside < line) return centreDashed && z - Math.floor(z / 9) * 9 > 4 ? 0 : thin;
    if (street.lanes > 1 && Math.abs(aside - street.laneWidth) < line)
      return z - Math.floor(z / 6) * 6 > 2.5 ? 0 : thin;
    return edgeLines && Math.abs(aside - street.lanes * street.laneWidth) < line ? thin : 0;
  };

  const paint = (x: number, z: number, grain: number, slot: ColourSlot): boolean => {
    const s = x - 0.5 * street.curvature * z * z;
    const aside = Math.abs(s);
    const index = s < 0 ? 0 : 1;
    const ground = classAt(x, z);
    const fine = (cellNoise(shift + x * 14, z * 14) - 0.5) * (grain < 0.2 ? 1 : 0.5);
    const coarse = smoothNoise(shift + x * 0.6, z * 0.25);
    if (ground === classNumber.road) {
      const mark = markingAt(s, z, grain);
      const patch = cellNoise(shift + s * 0.35, z * 0.16) > 0.82 ? 0.7 : 1;
      const level = tone * patch * (0.75 + 0.4 * coarse + 0.22 * fine);
      slot[0] = asphalt[0] * level + (marking[0] - asphalt[0]) * mark;
      slot[1] = asphalt[1] * level + (marking[1] - asphalt[1]) * mark;
      slot[2] = asphalt[2] * level + (marking[2] - asphalt[2]) * mark;
    } else if (ground === classNumber.vegetation) {
      const dry = 0.3 * smoothNoise(shift + x * 1.7, z * 1.7);
      setColour(slot, grass, 0.5 + 0.6 * coarse + 0.5 * fine);
      slot[0] = (slot[0] as number) * (1 + dry);
    } else {
      const joint =
        grain < 0.25 && (x * 1.6 - Math.floor(x * 1.6) < 0.08 || z * 1.6 - Math.floor(z * 1.6) < 0.08) ? 0.75 : 1;
      const level = slabTone * joint * (0.75 + 0.35 * coarse + 0.15 * fine);
      setColour(slot, aside < street.roadHalf + 0.3 ? kerbStone : slab, level);
    }
    const bin = binOf(z);
    const away = index === 0 ? -s : s;
    return away < (bins[index].shadeFrom[bin] as number) && -away < (bins[1 - index]?.shadeFrom[bin] as number);
  };
  return { classAt, paint };
}
