import type { RandomStream } from '../random.js';
import { colourOf, setColour, type Colour, type Surface } from './surface.js';
import type { Things } from './things.js';

const metals = [colourOf(90, 95, 95), colourOf(140, 142, 140), colourOf(55, 65, 60), colourOf(170, 170, 165)] as const;
const signs = [colourOf(200, 40, 40), colourOf(40, 80, 170), colourOf(235, 235, 230), colourOf(240, 200, 50)] as const;

const plain =
  (colour: Colour): Surface['paint'] =>
  (u, _v, _grain, slot) =>
    setColour(slot, colour, 0.75 + 0.5 * u);
const round = (u: number, v: number): boolean => (u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5) < 0.25;

function addLamp(things: Things, random: RandomStream, s: number, z: number): void {
  const metal = random.pick(metals);
  const height = random.between(4.5, 8);
  const reach = -Math.sign(s) * random.between(0.8, 2);
  things.addCard(
    { s, z, width: random.between(0.12, 0.2), bottom: 0, top: height },
    { class: 'pole', paint: plain(metal) },
  );
  things.addCard(
    { s: s + reach / 2, z, width: Math.abs(reach), bottom: height - 0.12, top: height },
    { class: 'pole', paint: plain(metal) },
  );
  things.addCard(
    { s: s + reach, z, width: 0.6, bottom: height - 0.25, top: height + 0.05 },
    { class: 'pole', paint: plain(colourOf(180, 180, 170)) },
  );
}

function addSign(things: Things, random: RandomStream, s: number, z: number): void {
  const height = random.between(2.2, 3);
  const size = random.between(0.5, 0.8);
  const colour = random.pick(signs);
  const rim = random.pick(signs);
  things.addCard({ s, z, width: 0.1, bottom: 0, top: height }, { class: 'pole', paint: plain(random.pick(metals)) });
  const disc = random.chance(0.6);
  things.addCard(
    { s, z: z - 0.05, width: size, bottom: height - size, top: height },
    {
      class: 'pole',
      ...(disc && { covers: round }),
      paint: (u, v, _grain, slot) => {
        const outer = Math.max(Math.abs(2 * u - 1), Math.abs(2 * v - 1)) > 0.72;
        setColour(slot, outer ? rim : colour, 1);
      },
    },
  );
}

function addTrafficLight(things: Things, random: RandomStream, s: number, z: number): void {
  const green = random.chance(0.5);
  const lamp: Colour = green ? [0.1, 1.2, 0.5] : [1.4, 0.1, 0.05];
  const housing: Colour = [0.02, 0.025, 0.02];
  things.addCard({ s, z, width: 0.16, bottom: 0, top: 2.6 }, { class: 'pole', paint: plain(random.pick(metals)) });
  things.addCard(
    { s, z: z - 0.05, width: 0.42, bottom: 2.3, top: 3.4 },
    {
      class: 'pole',
      paint: (u, v, _grain, slot) => {
        const lit = Math.abs(u - 0.5) < 0.3 && (green ? v < 0.33 : v > 0.67);
        setColour(slot, lit ? lamp : housing, 1);
      },
    },
  );
}

function addBollards(things: Things, random: RandomStream, s: number): void {
  const metal = random.pick(metals);
  const first = random.between(4, 25);
  const count = random.whole(3, 8);
  for (let bollard = 0; bollard < count; bollard += 1) {
    things.addCard(
      { s, z: first + bollard * 1.8, width: 0.16, bottom: 0, top: 0.95 },
      { class: 'pole', paint: plain(metal) },
    );
  }
}

/** Lamps, signs, traffic lights and bollards along the kerb. */
export function addPoles(things: Things, random: RandomStream): void {
  const { street } = things;
  for (const { sign } of street.sides) {
    const s = sign * (street.roadHalf + 0.35);
    if (random.chance(0.75)) {
      const spacing = random.between(16, 32);
      for (let z = random.between(5, 22); z < 100; z += spacing) addLamp(things, random, s, z);
    }
    const signCount = random.whole(0, 4);
    for (let count = 0; count < signCount; count += 1) addSign(things, random, s + sign * 0.15, random.between(6, 50));
    if (street.zebra !== undefined && random.chance(0.6)) addTrafficLight(things, random, s, street.zebra - 0.6);
    if (random.chance(0.25)) addBollards(things, random, s);
  }
}
