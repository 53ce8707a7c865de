import { cellNoise, type RandomStream } from '../random.js';
import { colourOf, setColour, type Colour } from './surface.js';
import type { Things } from './things.js';

const clothes = [
  colourOf(40, 42, 50),
  colourOf(60, 75, 110),
  colourOf(150, 50, 50),
  colourOf(200, 195, 185),
  colourOf(110, 105, 95),
  colourOf(70, 90, 65),
  colourOf(190, 160, 80),
  colourOf(120, 120, 125),
] as const;
const skins = [colourOf(230, 190, 165), colourOf(190, 140, 110), colourOf(120, 80, 60), colourOf(85, 58, 45)] as const;
const hairs = [colourOf(40, 32, 28), colourOf(110, 80, 50), colourOf(170, 165, 160), colourOf(25, 25, 28)] as const;

const shoes: Colour = [0.02, 0.02, 0.02];

/** Quads are this much wider than the person's height times it, enough for a stride. */
const widthOfHeight = 0.5;

/** A person who stands or walks: two legs, a torso with arms, a head. Lengths are shares of the height. */
function addPerson(things: Things, random: RandomStream, s: number, z: number): void {
  const height = random.chance(0.12) ? random.between(1.05, 1.4) : random.between(1.55, 1.92);
  const stride = random.between(0.02, 0.11);
  const build = random.between(0.85, 1.2);
  const coat = random.chance(0.3) ? 0.3 : 0.48;
  const top = random.pick(clothes);
  const bottom = random.pick(clothes);
  const skin = random.pick(skins);
  const hair = random.pick(hairs);
  const bag = random.chance(0.25) ? random.pick([-1, 1]) : 0;
  const shift = random.between(0, 100);
  things.addCard(
    { s, z, width: height * widthOfHeight, bottom: 0, top: height },
    {
      class: 'person',
      instance: things.nextInstance(),
      covers: (u, v) => {
        const x = (u - 0.5) * widthOfHeight;
        const aside = Math.abs(x);
        if (v > 0.86) return x * x + (v - 0.93) * (v - 0.93) < 0.0046;
        if (v > coat) {
          const shoulder = v > 0.8 ? 0.155 - (v - 0.8) * 1.2 : 0.155;
          return aside < build * (v < 0.55 ? Math.max(0.1, shoulder - (0.55 - v) * 0.4) : shoulder);
        }
        if (bag !== 0 && v > 0.2 && x * bag > 0.1 && x * bag < 0.2) return true;
        const spread = 0.045 + (stride * (0.5 - v)) / 0.5;
        return Math.abs(aside - spread) < 0.045 * build;
      },
      paint: (u, v, _grain, slot) => {
        const fold = 0.75 + 0.35 * u + 0.25 * (cellNoise(shift + u * 9, v * 14) - 0.5);
        if (v > 0.96 || (v > 0.9 && Math.abs(u - 0.5) > 0.1)) setColour(slot, hair, fold);
        else if (v > 0.86) setColour(slot, skin, fold);
        else if (v > coat) setColour(slot, v < 0.52 && Math.abs(u - 0.5) > 0.24 ? skin : top, fold);
        else setColour(slot, v < 0.04 ? shoes : bottom, fold);
      },
    },
  );
  things.addShadow(s, z, 0.4, 0.3, 0.5);
}

/** People on the pavements, alone and in groups, and some on the road. */
export function addPeople(things: Things, random: RandomStream): void {
  const { street } = things;
  const bustle = 14 * random.unit() * random.unit();
  for (const side of street.sides) {
    const groups = Math.round(bustle * random.between(0.4, 1));
    const inner = street.roadHalf + side.verge + 0.5;
    const outer = street.roadHalf + side.verge + side.pavement - 0.3;
    for (let group = 0; group < groups; group += 1) {
      // Most are near: far ones are a pixel or two.
      const z = 5 + 40 * random.unit() * random.unit();
      const members = random.pick([1, 1, 1, 2, 3]);
      for (let member = 0; member < members; member += 1) {
        addPerson(things, random, side.sign * random.between(inner, outer), z + random.between(0, 1.2));
      }
    }
  }
  const crossing = street.zebra !== undefined ? random.whole(0, 4) : random.chance(0.2) ? 1 : 0;
  for (let walker = 0; walker < crossing; walker += 1) {
    const z = (street.zebra ?? random.between(9, 30)) + random.between(0.3, 2.5);
    addPerson(things, random, random.between(-street.roadHalf, street.roadHalf), z);
  }
}
