import type { RandomStream } from '../random.js';
import type { Street } from './street.js';
import { worldX } from './street.js';
import { cross, dot, unitVector, type Vector } from './surface.js';

/** A pinhole camera; its place in metres, its axes as unit vectors of the world. */
export interface Camera {
  readonly place: Vector;
  readonly right: Vector;
  readonly up: Vector;
  readonly forward: Vector;
  /** Focal length in image widths. */
  readonly focal: number;
  /** Height of the carrying car's bonnet in the middle of the picture, as a share of the picture's height; 0: not seen. */
  readonly bonnet: number;
}

/**
 * Distance of the two cameras of a stereo pair that would measure these disparities, metres:
 * inverse depth in px = focal length in px × baseline / depth.
 */
export const stereoBaseline = 1;

export function placeCamera(random: RandomStream, street: Street): Camera {
  const yaw = random.between(-0.13, 0.13);
  const pitch = random.between(-0.1, 0.05);
  const roll = random.between(-0.02, 0.02);
  const forward = unitVector([yaw, pitch, 1]);
  const right = unitVector(cross(unitVector([roll, 1, 0]), forward));
  const lane = street.drivingSide * street.laneWidth * (street.lanes - 0.5);
  return {
    place: [worldX(street, lane + random.between(-0.7, 0.7), 0), random.between(1.15, 2.1), 0],
    right,
    up: cross(forward, right),
    forward,
    focal: random.between(0.74, 0.9),
    bonnet: random.chance(0.3) ? random.between(0.03, 0.08) : 0,
  };
}

/** A world point or direction in the camera's axes. */
export function inCameraAxes(camera: Camera, [x, y, z]: Vector, isDirection: boolean): Vector {
  const { place } = camera;
  const offset: Vector = isDirection ? [x, y, z] : [x - place[0], y - place[1], z - place[2]];
  return [dot(offset, camera.right), dot(offset, camera.up), dot(offset, camera.forward)];
}
