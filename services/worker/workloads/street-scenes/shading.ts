import type { Camera } from './camera.js';
import type { Ground } from './ground.js';
import type { Light } from './light.js';
import type { Scene } from './scene.js';
import { paintSky } from './sky.js';
import {
  cross,
  dot,
  unitVector,
  type Colour,
  type ColourSlot,
  type GroundShadow,
  type Surface,
  type Vector,
} from './surface.js';
import { firstSurfaceId, groundId, skyId, type ProjectedSurface, type RayGrid, type Visibility } from './visibility.js';

/** Light that falls on a surface: with the sun, and without. */
interface Lit {
  readonly full: Colour;
  readonly shaded: Colour;
}

function lightOn(scene: Scene, normal: Vector): Lit {
  const { sun, sunColour, ambient } = scene.light;
  const sky = 0.65 + 0.35 * normal[1];
  const direct = Math.max(0, dot(normal, sun));
  const shaded: Colour = [ambient[0] * sky, ambient[1] * sky, ambient[2] * sky];
  return {
    shaded,
    full: [shaded[0] + sunColour[0] * direct, shaded[1] + sunColour[1] * direct, shaded[2] + sunColour[2] * direct],
  };
}

function litSurface(scene: Scene, surface: Surface): Lit {
  const normal = unitVector(cross(surface.across, surface.upward));
  const { place } = scene.camera;
  const towardsCamera: Vector = [
    place[0] - surface.origin[0],
    place[1] - surface.origin[1],
    place[2] - surface.origin[2],
  ];
  return lightOn(scene, dot(normal, towardsCamera) < 0 ? [-normal[0], -normal[1], -normal[2]] : normal);
}

/** Length of the stretches of ground for which shadows are listed, metres. */
const stretch = 2;

/** Lists the shadows that reach into each stretch of ground: most of the ground has two or three, the scene dozens. */
function shadowsByStretch(shadows: Scene['shadows']): readonly (readonly GroundShadow[])[] {
  const lists: GroundShadow[][] = [];
  for (const shadow of shadows) {
    const last = Math.floor((shadow.z + shadow.halfLength) / stretch);
    for (let index = Math.max(0, Math.floor((shadow.z - shadow.halfLength) / stretch)); index <= last; index += 1) {
      (lists[index] ??= []).push(shadow);
    }
  }
  return lists;
}

/** Share of light that things leave to the ground around them; 1 where there is no shadow. */
function groundShadowAt(lists: ReturnType<typeof shadowsByStretch>, x: number, z: number): number {
  const shadows = lists[Math.floor(z / stretch)];
  if (shadows === undefined) return 1;
  let left = 1;
  for (const shadow of shadows) {
    const across = (x - shadow.x) / shadow.halfWidth;
    if (across > 1 || across < -1) continue;
    const along = (z - shadow.z) / shadow.halfLength;
    if (along > 1 || along < -1) continue;
    const inside = 1 - across * across * across * across - along * along * along * along;
    if (inside > 0) left *= 1 - shadow.strength * Math.min(1, 2 * inside);
  }
  return left;
}

/** Gives the light that comes to the camera along a ray. */
export type Shader = (sample: number, a: number, b: number, slot: ColourSlot) => void;

/** Prepares a scene's shading; the shader leaves linear light, before exposure and noise, in its slot. */
export function shaderOf(
  scene: Scene,
  ground: Ground,
  grid: RayGrid,
  surfaces: readonly ProjectedSurface[],
  view: Visibility,
): Shader {
  const { camera, light } = scene;
  const groundLight = lightOn(scene, [0, 1, 0]);
  const shadows = shadowsByStretch(scene.shadows);
  const lit: (Lit | undefined)[] = [];
  const { horizon, hazeDistance } = light;

  const shadeGround: Shader = (sample, a, b, slot) => {
    const distance = 1 / (view.nearness[sample] as number);
    const x = groundX(camera, a, b, distance);
    const z = groundZ(camera, a, b, distance);
    const sunny = ground.paint(x, z, distance / grid.focal, slot);
    const received = sunny ? groundLight.full : groundLight.shaded;
    const left = groundShadowAt(shadows, x, z);
    slot[0] = (slot[0] as number) * received[0] * left;
    slot[1] = (slot[1] as number) * received[1] * left;
    slot[2] = (slot[2] as number) * received[2] * left;
  };

  const shadeSurface = (index: number, sample: number, a: number, b: number, slot: ColourSlot): void => {
    const { surface, projection } = surfaces[index] as ProjectedSurface;
    const [[ua, ub, u1], [va, vb, v1]] = projection;
    const distance = 1 / (view.nearness[sample] as number);
    const u = (ua * a + ub * b + u1) * distance;
    const v = (va * a + vb * b + v1) * distance;
    surface.paint(u, v, distance / grid.focal, slot);
    const { full, shaded } = (lit[index] ??= litSurface(scene, surface));
    const received = v < surface.shadowTop ? shaded : full;
    slot[0] = (slot[0] as number) * received[0];
    slot[1] = (slot[1] as number) * received[1];
    slot[2] = (slot[2] as number) * received[2];
  };

  return (sample, a, b, slot) => {
    const id = view.ids[sample] as number;
    if (id === skyId) {
      shadeSky(camera, light, a, b, slot);
      return;
    }
    if (id === groundId) shadeGround(sample, a, b, slot);
    else shadeSurface(id - firstSurfaceId, sample, a, b, slot);
    const haze = 1 / (1 + hazeDistance * (view.nearness[sample] as number));
    slot[0] = (slot[0] as number) + (horizon[0] - (slot[0] as number)) * haze;
    slot[1] = (slot[1] as number) + (horizon[1] - (slot[1] as number)) * haze;
    slot[2] = (slot[2] as number) + (horizon[2] - (slot[2] as number)) * haze;
  };
}

/** World x of the point so far along the camera's axis on a ray. */
export function groundX({ place, right, up, forward }: Camera, a: number, b: number, distance: number): number {
  return place[0] + distance * (a * right[0] + b * up[0] + forward[0]);
}

/** World z of the point so far along the camera's axis on a ray. */
export function groundZ({ place, right, up, forward }: Camera, a: number, b: number, distance: number): number {
  return place[2] + distance * (a * right[2] + b * up[2] + forward[2]);
}

function shadeSky({ right, up, forward }: Camera, light: Light, a: number, b: number, slot: ColourSlot): void {
  const x = a * right[0] + b * up[0] + forward[0];
  const y = a * right[1] + b * up[1] + forward[1];
  const z = a * right[2] + b * up[2] + forward[2];
  const length = Math.sqrt(x * x + y * y + z * z);
  paintSky(light, x / length, y / length, z / length, slot);
}
