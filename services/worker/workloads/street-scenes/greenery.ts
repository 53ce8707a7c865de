import { cellNoise, smoothNoise, type RandomStream } from '../random.js';
import { plotEdge, type Plot, type Side } from './street.js';
import { colourOf, setColour, type Colour } from './surface.js';
import type { Things } from './things.js';

const leafColours = [
  colourOf(70, 105, 45),
  colourOf(95, 120, 55),
  colourOf(50, 85, 50),
  colourOf(125, 130, 60),
  colourOf(150, 115, 50),
  colourOf(85, 90, 70),
] as const;
const barkColours = [colourOf(85, 70, 60), colourOf(110, 100, 90), colourOf(60, 55, 52)] as const;
const fenceColours = [
  colourOf(120, 95, 75),
  colourOf(165, 160, 152),
  colourOf(70, 75, 72),
  colourOf(190, 185, 175),
] as const;

/** A ragged clump of leaves. */
function addClump(
  things: Things,
  random: RandomStream,
  colour: Colour,
  place: { s: number; z: number; width: number; bottom: number; top: number },
): void {
  const shift = random.between(0, 100);
  things.addCard(place, {
    class: 'vegetation',
    covers: (u, v) => {
      const x = 2 * u - 1;
      const y = 2 * v - 1;
      return x * x + y * y + 0.75 * smoothNoise(shift + u * 7, v * 7) < 1.12;
    },
    paint: (u, v, grain, slot) => {
      const coarse = smoothNoise(shift + u * place.width * 1.3, v * place.width * 1.3);
      const fine = cellNoise(shift + u * place.width * 8, v * place.width * 8) - 0.5;
      const tone = 0.35 + 0.5 * v + 0.55 * (coarse - 0.4) + (grain < 0.1 ? 0.5 : 0.3) * fine;
      setColour(slot, colour, Math.max(0.08, tone));
    },
  });
}

function addTree(things: Things, random: RandomStream, s: number, z: number): void {
  const height = random.between(4.5, 10);
  const spread = height * random.between(0.4, 0.65);
  const stem = height * random.between(0.22, 0.4);
  const thick = random.between(0.18, 0.45);
  const bark = random.pick(barkColours);
  things.addCard(
    { s, z, width: thick, bottom: 0, top: stem + spread * 0.4 },
    {
      class: 'vegetation',
      paint: (u, v, _grain, slot) => setColour(slot, bark, 0.6 + 0.5 * u + 0.2 * cellNoise(u * 5, v * 30)),
    },
  );
  const leaves = random.pick(leafColours);
  const clumps = random.whole(3, 5);
  for (let clump = 0; clump < clumps; clump += 1) {
    const width = spread * random.between(0.6, 1);
    const middle = random.between(stem + width * 0.4, height - width * 0.4);
    const tint = random.between(0.75, 1.2);
    addClump(things, random, [leaves[0] * tint, leaves[1] * tint, leaves[2] * tint], {
      s: s + spread * random.between(-0.3, 0.3),
      z: z + random.between(-0.6, 0.6),
      width,
      bottom: middle - width * 0.45,
      top: middle + width * 0.45,
    });
  }
  const lean = -things.light.sun[0];
  things.addShadow(s + lean, z, spread * 0.6, spread * 0.6, 0.45);
}

function addFence(things: Things, random: RandomStream, side: Side, plot: Plot): void {
  const s = side.sign * (plotEdge(things.street, side) + 0.1);
  const near = things.at(s, plot.start);
  const far = things.at(s, plot.end);
  const height = random.between(0.8, 1.9);
  const colour = random.pick(fenceColours);
  const length = plot.end - plot.start;
  const open = random.chance(0.4);
  const boards = length * random.between(2, 5);
  things.add({
    class: 'fence',
    instance: 0,
    origin: near,
    across: [far[0] - near[0], 0, far[2] - near[2]],
    upward: [0, height, 0],
    shadowTop: side.sign * things.light.sun[0] < 0 && things.shadowHeight(s, plot.start) < 0 ? 0 : 1,
    ...(open && {
      covers: (u: number, v: number) => v > 0.85 || v < 0.12 || u * boards - Math.floor(u * boards) < 0.45,
    }),
    paint: (u, v, _grain, slot) =>
      setColour(slot, colour, 0.65 + 0.4 * cellNoise(u * boards, open ? 0 : v * 6) + (v > 0.92 ? 0.2 : 0)),
  });
}

function addGarden(things: Things, random: RandomStream, side: Side, plot: Plot): void {
  const edge = plotEdge(things.street, side);
  if (random.chance(0.75)) addFence(things, random, side, plot);
  const plants = random.whole(2, 5);
  for (let plant = 0; plant < plants; plant += 1) {
    const s = side.sign * (edge + random.between(1.5, 12));
    const z = random.between(plot.start, plot.end);
    if (z < 3) continue;
    if (random.chance(0.5)) {
      addTree(things, random, s, z);
    } else {
      const width = random.between(1.2, 4);
      addClump(things, random, random.pick(leafColours), { s, z, width, bottom: -0.3, top: random.between(0.9, 2.6) });
    }
  }
}

/** Gardens, and trees along the kerb. */
export function addGreenery(things: Things, random: RandomStream): void {
  const { street } = things;
  for (const side of street.sides) {
    for (const plot of side.plots) {
      if (plot.kind === 'garden') addGarden(things, random, side, plot);
    }
    if (side.treeSpacing === 0) continue;
    const s = side.sign * (street.roadHalf + (side.verge > 0 ? side.verge / 2 : 0.7));
    for (let z = random.between(5, 15); z < 110; z += side.treeSpacing * random.between(0.8, 1.3)) {
      addTree(things, random, s, z);
    }
  }
}
