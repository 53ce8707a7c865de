import type { SceneClass } from './classes.js';

/** World coordinates in metres: x right, y up from the ground, z ahead along the road's first direction. */
export type Vector = readonly [x: number, y: number, z: number];

/** Linear red, green and blue; 1 is a white surface in full light. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Where `paint` leaves a colour: allocating one for each sample would cost more than painting it. */
export type ColourSlot = Float64Array;

/** A plane parallelogram of a thing in the scene; with `covers` it can have any outline. */
export interface Surface {
  /** The point (u, v) = (0, 0). */
  readonly origin: Vector;
  /** From (0, 0) to (1, 0). */
  readonly across: Vector;
  /** From (0, 0) to (0, 1), upwards for upright surfaces. */
  readonly upward: Vector;
  readonly class: SceneClass;
  /** 1, 2, … for cars and people; 0 for all else. */
  readonly instance: number;
  /** Whether the sun is kept off by something, below `shadowTop` (a share of the height) or everywhere at 1. */
  readonly shadowTop: number;
  /** Whether (u, v), each 0 … 1, belongs to the thing; all of it when left out. */
  readonly covers?: (u: number, v: number) => boolean;
  /**
   * Leaves the reflected share of light at (u, v).
   * @param grain metres between neighbouring samples here, so that finer texture can fade out
   */
  readonly paint: (u: number, v: number, grain: number, slot: ColourSlot) => void;
}

/** A soft dark spot under a thing, on the ground. */
export interface GroundShadow {
  readonly x: number;
  readonly z: number;
  readonly halfWidth: number;
  readonly halfLength: number;
  /** 0 … 1: the share of light taken away in the middle. */
  readonly strength: number;
}

/** Makes a linear colour of display values 0 … 255 (a display's curve is close to a square). */
export function colourOf(red: number, green: number, blue: number): Colour {
  return [(red * red) / 65025, (green * green) / 65025, (blue * blue) / 65025];
}

export function setColour(slot: ColourSlot, [red, green, blue]: Colour, factor: number): void {
  slot[0] = red * factor;
  slot[1] = green * factor;
  slot[2] = blue * factor;
}

export function cross([ax, ay, az]: Vector, [bx, by, bz]: Vector): Vector {
  return [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
}

/** one − other */
export function difference([ax, ay, az]: Vector, [bx, by, bz]: Vector): Vector {
  return [ax - bx, ay - by, az - bz];
}

export function dot([ax, ay, az]: Vector, [bx, by, bz]: Vector): number {
  return ax * bx + ay * by + az * bz;
}

export function unitVector([x, y, z]: Vector): Vector {
  const length = Math.sqrt(x * x + y * y + z * z);
  return [x / length, y / length, z / length];
}
