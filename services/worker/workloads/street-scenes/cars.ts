import { smoothNoise, type RandomStream } from '../random.js';
import {
  colourOf,
  cross,
  difference,
  dot,
  setColour,
  type Colour,
  type ColourSlot,
  type Surface,
  type Vector,
} from './surface.js';
import type { Things } from './things.js';

/** Lengths in metres. The profile runs from the rear: boot, rear window, roof, windscreen, bonnet. */
interface Body {
  readonly length: number;
  readonly width: number;
  /** Height of the windows' lower edge and of the roof. */
  readonly belt: number;
  readonly roof: number;
  readonly boot: number;
  readonly rearSlope: number;
  readonly frontSlope: number;
  readonly bonnet: number;
}

const bodies: readonly [Body, ...Body[]] = [
  { length: 4.5, width: 1.78, belt: 0.92, roof: 1.42, boot: 0.65, rearSlope: 0.6, frontSlope: 0.75, bonnet: 1.05 },
  { length: 3.9, width: 1.7, belt: 0.95, roof: 1.48, boot: 0.1, rearSlope: 0.45, frontSlope: 0.75, bonnet: 0.85 },
  { length: 4.6, width: 1.78, belt: 0.92, roof: 1.46, boot: 0.08, rearSlope: 0.5, frontSlope: 0.75, bonnet: 1.05 },
  { length: 4.5, width: 1.88, belt: 1.08, roof: 1.72, boot: 0.08, rearSlope: 0.35, frontSlope: 0.65, bonnet: 1 },
  { length: 5.2, width: 1.95, belt: 1.2, roof: 2.25, boot: 0.02, rearSlope: 0.08, frontSlope: 0.7, bonnet: 0.55 },
];

const paints = [
  colourOf(30, 30, 33),
  colourOf(215, 215, 212),
  colourOf(150, 153, 156),
  colourOf(95, 98, 103),
  colourOf(150, 35, 35),
  colourOf(45, 70, 125),
  colourOf(200, 195, 185),
  colourOf(60, 85, 65),
  colourOf(185, 150, 60),
] as const;

const wheelRadius = 0.32;
const sill = 0.24;
const rubber: Colour = [0.012, 0.012, 0.013];
const glass: Colour = [0.035, 0.042, 0.05];
const hub: Colour = [0.25, 0.25, 0.26];
const tailLamp: Colour = [0.45, 0.02, 0.02];
const headLamp: Colour = [0.85, 0.85, 0.8];
const plate: Colour = [0.7, 0.7, 0.6];

/** Height of the profile, metres from the rear. */
function profileHeight(body: Body, p: number): number {
  const rearTop = body.boot + body.rearSlope;
  const frontTop = body.length - body.bonnet - body.frontSlope;
  if (p < body.boot) return body.belt;
  if (p < rearTop) return body.belt + ((body.roof - body.belt) * (p - body.boot)) / body.rearSlope;
  if (p < frontTop) return body.roof;
  if (p < body.length - body.bonnet) return body.roof - ((body.roof - body.belt) * (p - frontTop)) / body.frontSlope;
  return body.belt - (0.15 * (p - body.length + body.bonnet)) / body.bonnet;
}

const wheelShares = [0.19, 0.8] as const;

/** Squared distance to the nearer wheel's hub, in radii. */
function wheelDistance(body: Body, p: number, y: number): number {
  const share = p < body.length / 2 ? wheelShares[0] : wheelShares[1];
  const along = (p - body.length * share) / wheelRadius;
  const up = (y - wheelRadius) / wheelRadius;
  return along * along + up * up;
}

function paintSide(body: Body, colour: Colour, p: number, y: number, slot: ColourSlot): void {
  const wheel = wheelDistance(body, p, y);
  if (wheel < 0.35) {
    setColour(slot, hub, 1);
    return;
  }
  if (wheel < 1.25) {
    setColour(slot, rubber, 1);
    return;
  }
  const pillar = Math.abs(p - body.length * 0.5) < 0.06;
  const rear = body.boot + 0.35 * body.rearSlope;
  const front = body.length - body.bonnet - 0.3 * body.frontSlope;
  const inCabin = p > rear && p < front && y < profileHeight(body, p) - 0.1;
  if (y > body.belt + 0.02 && inCabin && !pillar) {
    setColour(slot, glass, 0.8 + 2.5 * (y - body.belt));
    return;
  }
  const door = y > 0.4 && (pillar || Math.abs(p - body.length * 0.29) < 0.025) ? 0.6 : 1;
  setColour(slot, colour, door * (0.7 + 0.4 * (y / body.belt)));
}

function paintEnd(body: Body, colour: Colour, rear: boolean, u: number, y: number, slot: ColourSlot): void {
  const aside = Math.abs(2 * u - 1);
  if (y < sill) {
    setColour(slot, rubber, 1);
    return;
  }
  const lamps = y > body.belt - 0.32 && y < body.belt - 0.12 && aside > 0.66;
  if (lamps) {
    setColour(slot, rear ? tailLamp : headLamp, 1);
    return;
  }
  if (aside < 0.28 && y > 0.42 && y < 0.56) {
    setColour(slot, plate, 1);
    return;
  }
  if (!rear && aside < 0.6 && y > 0.35 && y < 0.62) {
    setColour(slot, rubber, 1.5);
    return;
  }
  setColour(slot, colour, y < 0.4 ? 0.5 : 0.75 + 0.25 * (y / body.belt));
}

/** A stretch of the profile across the whole car. */
interface Panel {
  readonly from: readonly [p: number, y: number];
  readonly to: readonly [p: number, y: number];
  readonly pane: boolean;
}

function panelsOf(body: Body): Panel[] {
  const rearTop = body.boot + body.rearSlope;
  const frontTop = body.length - body.bonnet - body.frontSlope;
  const frontFoot = body.length - body.bonnet;
  return [
    { from: [0, body.belt], to: [body.boot, body.belt], pane: false },
    { from: [body.boot, body.belt], to: [rearTop, body.roof], pane: true },
    { from: [rearTop, body.roof], to: [frontTop, body.roof], pane: false },
    { from: [frontFoot, body.belt], to: [frontTop, body.roof], pane: true },
    { from: [frontFoot, body.belt], to: [body.length, body.belt - 0.15], pane: false },
  ];
}

/**
 * Adds a car.
 * @param s @param z place of its middle
 * @param heading 1 when it looks ahead as the camera does, −1 when it comes towards it
 */
export function addCar(things: Things, random: RandomStream, s: number, z: number, heading: 1 | -1): void {
  const body = random.pick(bodies);
  const [x] = things.at(s, z);
  const bend = things.street.curvature * z + random.between(-0.03, 0.03);
  const norm = Math.sqrt(1 + bend * bend);
  const ahead: Vector = [(heading * bend) / norm, 0, heading / norm];
  const aside: Vector = [ahead[2], 0, -ahead[0]];
  const point = (across: number, y: number, p: number): Vector => {
    const along = p - body.length / 2;
    return [x + aside[0] * across + ahead[0] * along, y, z + aside[2] * across + ahead[2] * along];
  };
  const colour = random.pick(paints);
  const shift = random.between(0, 100);
  const shared = {
    class: 'car' as const,
    instance: things.nextInstance(),
    shadowTop: things.shadowHeight(s, z) > 0.7 ? 1 : 0,
  };
  const inside: Vector = [x, body.belt / 2, z];
  const add = (origin: Vector, toU: Vector, toV: Vector, look: Pick<Surface, 'covers' | 'paint'>): void => {
    const across = difference(toU, origin);
    const upward = difference(toV, origin);
    const normal = cross(across, upward);
    const outward = dot(normal, difference(origin, inside));
    const towardsEye = dot(normal, difference(things.eye, origin));
    if (outward * towardsEye > 0) things.add({ ...shared, origin, across, upward, ...look });
  };
  const half = body.width / 2;
  for (const across of [-half, half]) {
    add(point(across, 0, 0), point(across, 0, body.length), point(across, body.roof, 0), {
      covers: (u, v) => {
        const p = u * body.length;
        const y = v * body.roof;
        return y < profileHeight(body, p) && (y > sill || wheelDistance(body, p, y) < 1);
      },
      paint: (u, v, _grain, slot) => paintSide(body, colour, u * body.length, v * body.roof, slot),
    });
  }
  for (const p of [0, body.length]) {
    const top = p === 0 ? body.belt : body.belt - 0.15;
    add(point(-half, 0, p), point(half, 0, p), point(-half, top, p), {
      covers: (u, v) => v * top > sill || Math.abs(2 * u - 1) > 0.72,
      paint: (u, v, _grain, slot) => paintEnd(body, colour, p === 0, u, v * top, slot),
    });
  }
  for (const { from, to, pane } of panelsOf(body)) {
    add(point(-half, from[1], from[0]), point(half, from[1], from[0]), point(-half, to[1], to[0]), {
      paint: (u, v, _grain, slot) => {
        const inPane = pane && Math.abs(2 * u - 1) < 0.86 && v > 0.08 && v < 0.92;
        if (inPane) setColour(slot, glass, 1 + 5 * v * smoothNoise(shift + u * 4, v * 2));
        else setColour(slot, colour, 1.1);
      },
    });
  }
  things.addShadow(s, z, half * 1.25, body.length * 0.58, 0.8);
}

/** Parked cars along both kerbs and traffic in the lanes. */
export function addCars(things: Things, random: RandomStream): void {
  const { street } = things;
  for (const side of street.sides) {
    if (street.parkingWidth < 1) continue;
    const withTraffic = side.sign === street.drivingSide ? 1 : -1;
    for (let z = random.between(4, 9); z < 75; z += random.between(5.4, 6.8)) {
      const inSideStreet = side.plots.some(
        ({ kind, start, end }) => kind === 'side-street' && z > start - 3 && z < end + 3,
      );
      const onZebra = street.zebra !== undefined && Math.abs(z - street.zebra - 1.5) < 5;
      if (inSideStreet || onZebra || !random.chance(side.parkedShare)) continue;
      addCar(things, random, side.sign * (street.roadHalf - 1.05 + random.between(-0.12, 0.12)), z, withTraffic);
    }
  }
  const busy = random.between(0, 1);
  for (const heading of [1, -1] as const) {
    for (let lane = 0; lane < street.lanes; lane += 1) {
      const s = heading * street.drivingSide * street.laneWidth * (lane + 0.5);
      for (let z = random.between(8, 45); z < 100; z += random.between(9, 40)) {
        if (random.chance(0.25 + 0.6 * busy)) addCar(things, random, s + random.between(-0.3, 0.3), z, heading);
      }
    }
  }
}
