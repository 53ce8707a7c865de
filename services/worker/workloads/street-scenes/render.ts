import { stereoBaseline } from './camera.js';
import { classNumber, ignoredClass } from './classes.js';
import { groundOf, type Ground } from './ground.js';
import { mixHash } from '../random.js';
import type { Scene } from './scene.js';
import { groundX, groundZ, shaderOf, type Shader } from './shading.js';
import type { ColourSlot } from './surface.js';
import {
  findVisible,
  firstSurfaceId,
  groundId,
  projectSurface,
  skyId,
  type ProjectedSurface,
  type RayGrid,
  type Visibility,
} from './visibility.js';

/** A picture of a scene with what is known of its pixels; all row-major. */
export interface RenderedScene {
  /** height × width × 3. */
  readonly rgb: Uint8Array;
  /** Class numbers, −1 = ignored. */
  readonly classes: Int8Array;
  /** Instance numbers of cars and people, 0 elsewhere. */
  readonly instances: Uint16Array;
  /** Inverse depth in px (focal length in px × baseline / depth); 0 where there is none. */
  readonly inverseDepth: Float32Array;
}

/** Rays per pixel along each axis. Colours are their mean; labels are those of the ray that meets the nearest thing. */
const raysPerSide = 2;

/** Makes a renderer for one size; it keeps its buffers from scene to scene. */
export function createRenderer(height: number, width: number): (scene: Scene) => RenderedScene {
  const columns = width * raysPerSide;
  const rows = height * raysPerSide;
  const view: Visibility = {
    nearness: new Float64Array(rows * columns),
    ids: new Uint16Array(rows * columns),
  };
  const light = new Float64Array(height * width * 3);
  const nearestRay = new Uint32Array(height * width);
  return (scene) => {
    const grid: RayGrid = { columns, rows, focal: scene.camera.focal * columns };
    const surfaces = scene.surfaces
      .flatMap((surface) => projectSurface(scene.camera, grid, surface) ?? [])
      .sort((one, other) => one.bounds.distance - other.bounds.distance);
    const ground = groundOf(scene);
    findVisible(scene, grid, surfaces, view);
    const shade = shaderOf(scene, ground, grid, surfaces, view);
    gatherLight(grid, view, shade, light, nearestRay);
    const result = labelPixels(scene, ground, grid, surfaces, view, nearestRay, width);
    addBonnet(scene, light, result, height, width);
    expose(scene, light, result.rgb, height, width);
    return result;
  };
}

/** Adds up the light of each pixel's rays and finds the ray that meets the nearest thing. */
function gatherLight(
  grid: RayGrid,
  view: Visibility,
  shade: Shader,
  light: Float64Array,
  nearestRay: Uint32Array,
): void {
  const { columns, rows, focal } = grid;
  const { ids, nearness } = view;
  const slot = new Float64Array(3);
  const width = columns / raysPerSide;
  const height = rows / raysPerSide;
  light.fill(0);
  for (let y = 0; y < height; y += 1) {
    const b = (rows / 2 - 2 * y - 0.5) / focal;
    const below = b - 1 / focal;
    for (let x = 0; x < width; x += 1) {
      const a = (2 * x + 0.5 - columns / 2) / focal;
      const beside = a + 1 / focal;
      const first = 2 * (y * columns + x);
      const second = first + 1;
      const third = first + columns;
      const fourth = third + 1;
      const id = ids[first];
      // Inside a thing a diagonal pair of rays does; at outlines all four are needed.
      const inside = ids[second] === id && ids[third] === id && ids[fourth] === id;
      const share = inside ? 0.5 : 0.25;
      const pixel = y * width + x;
      shade(first, a, b, slot);
      addLight(light, pixel, slot, share);
      shade(fourth, beside, below, slot);
      addLight(light, pixel, slot, share);
      if (!inside) {
        shade(second, beside, b, slot);
        addLight(light, pixel, slot, share);
        shade(third, a, below, slot);
        addLight(light, pixel, slot, share);
      }
      let nearest = first;
      if ((nearness[second] as number) > (nearness[nearest] as number)) nearest = second;
      if ((nearness[third] as number) > (nearness[nearest] as number)) nearest = third;
      if ((nearness[fourth] as number) > (nearness[nearest] as number)) nearest = fourth;
      nearestRay[pixel] = nearest;
    }
  }
}

function addLight(light: Float64Array, pixel: number, slot: ColourSlot, share: number): void {
  light[3 * pixel] = (light[3 * pixel] as number) + share * (slot[0] as number);
  light[3 * pixel + 1] = (light[3 * pixel + 1] as number) + share * (slot[1] as number);
  light[3 * pixel + 2] = (light[3 * pixel + 2] as number) + share * (slot[2] as number);
}

function labelPixels(
  scene: Scene,
  ground: Ground,
  grid: RayGrid,
  surfaces: readonly ProjectedSurface[],
  view: Visibility,
  nearestRay: Uint32Array,
  width: number,
): RenderedScene {
  const { camera } = scene;
  const pixels = nearestRay.length;
  const result: RenderedScene = {
    rgb: new Uint8Array(3 * pixels),
    classes: new Int8Array(pixels),
    instances: new Uint16Array(pixels),
    inverseDepth: new Float32Array(pixels),
  };
  const disparityScale = camera.focal * width * stereoBaseline;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const sample = nearestRay[pixel] as number;
    const id = view.ids[sample] as number;
    if (id === skyId) {
      result.classes[pixel] = classNumber.sky;
      continue;
    }
    const near = view.nearness[sample] as number;
    result.inverseDepth[pixel] = disparityScale * near;
    if (id === groundId) {
      const a = ((sample % grid.columns) + 0.5 - grid.columns / 2) / grid.focal;
      const b = (grid.rows / 2 - Math.floor(sample / grid.columns) - 0.5) / grid.focal;
      result.classes[pixel] = ground.classAt(groundX(camera, a, b, 1 / near), groundZ(camera, a, b, 1 / near));
    } else {
      const surface = surfaces[id - firstSurfaceId]?.surface;
      if (surface === undefined) throw new RangeError(`no surface has the id ${id}`);
      result.classes[pixel] = classNumber[surface.class];
      result.instances[pixel] = surface.instance;
    }
  }
  return result;
}

/** The bonnet of the car that carries the camera covers what is behind it and belongs to no task. */
function addBonnet(scene: Scene, light: Float64Array, result: RenderedScene, height: number, width: number): void {
  const { bonnet } = scene.camera;
  if (bonnet === 0) return;
  const { zenith } = scene.light;
  for (let y = Math.floor(height * (1 - bonnet)); y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const aside = (2 * (x + 0.5)) / width - 1;
      const depth = (y + 0.5) / height - (1 - bonnet * (1 - 0.8 * aside * aside));
      if (depth < 0) continue;
      const pixel = y * width + x;
      const sheen = 0.08 + 0.25 * Math.max(0, 1 - depth / 0.03);
      for (let channel = 0; channel < 3; channel += 1) light[3 * pixel + channel] = (zenith[channel] as number) * sheen;
      result.classes[pixel] = ignoredClass;
      result.instances[pixel] = 0;
      result.inverseDepth[pixel] = 0;
    }
  }
}

/** From light to 8 bits: white balance, exposure, vignette, the display's curve, noise. */
function expose(scene: Scene, light: Float64Array, rgb: Uint8Array, height: number, width: number): void {
  const { exposure, noise, balance, vignette } = scene.light;
  const gains = [exposure * balance[0], exposure, exposure * balance[1]];
  for (let y = 0; y < height; y += 1) {
    const up = (2 * (y + 0.5)) / height - 1;
    for (let x = 0; x < width; x += 1) {
      const aside = (2 * (x + 0.5)) / width - 1;
      const corner = 1 - vignette * 0.5 * (up * up + aside * aside);
      const first = 3 * (y * width + x);
      const word = mixHash(scene.key, first);
      for (let channel = 0; channel < 3; channel += 1) {
        const value = (light[first + channel] as number) * (gains[channel] as number) * corner;
        // A soft shoulder keeps clouds and white walls from burning out.
        const display = Math.sqrt((1.25 * value) / (1 + 0.25 * value));
        rgb[first + channel] = Math.min(
          255,
          Math.max(0, Math.round(255 * (display + noise * bell(mixHash(word, channel))))),
        );
      }
    }
  }
}

/** A nearly normal deviate from a hash: the sum of its four bytes, centred and scaled to variance 1. */
function bell(hash: number): number {
  const sum = (hash & 255) + ((hash >>> 8) & 255) + ((hash >>> 16) & 255) + (hash >>> 24);
  return (sum - 510) / 147.8;
}
