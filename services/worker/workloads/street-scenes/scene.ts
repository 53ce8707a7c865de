import { addBuildings } from './buildings.js';
import { placeCamera, type Camera } from './camera.js';
import { addCars } from './cars.js';
import { addGreenery } from './greenery.js';
import { drawLight, type Light } from './light.js';
import { addPeople } from './people.js';
import { addPoles } from './poles.js';
import { RandomStream } from '../random.js';
import { planStreet, type Street } from './street.js';
import type { GroundShadow, Surface } from './surface.js';
import { Things } from './things.js';

/** Everything there is to see, before it is looked at. */
export interface Scene {
  /** Seed of the sensor's noise and of textures that follow no thing. */
  readonly key: number;
  readonly street: Street;
  readonly camera: Camera;
  readonly light: Light;
  readonly surfaces: readonly Surface[];
  readonly shadows: readonly GroundShadow[];
  /** How the buildings shade a place on the ground; see `Things.shadowHeight`. */
  readonly shadowHeight: (s: number, z: number) => number;
}

/** Draws the scene of (seed, index); it is the same for every resolution. */
export function drawScene(seed: number, index: number): Scene {
  const random = new RandomStream(seed, index);
  const street = planStreet(random);
  const light = drawLight(random);
  const camera = placeCamera(random, street);
  const things = new Things(street, light, camera.place);
  addBuildings(things, random);
  addGreenery(things, random);
  addPoles(things, random);
  addCars(things, random);
  addPeople(things, random);
  return {
    key: random.key,
    street,
    camera,
    light,
    surfaces: things.surfaces,
    shadows: things.shadows,
    shadowHeight: (s, z) => things.shadowHeight(s, z),
  };
}
