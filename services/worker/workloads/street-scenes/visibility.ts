import { inCameraAxes, type Camera } from './camera.js';
import type { Scene } from './scene.js';
import { cross, dot, type Surface, type Vector } from './surface.js';

/** A grid of sight rays through a camera; the ray of (column, row) is forward + a·right + b·up. */
export interface RayGrid {
  readonly columns: number;
  readonly rows: number;
  /** Focal length in samples. */
  readonly focal: number;
}

/** What each ray meets first. */
export interface Visibility {
  /** 1 / distance along the camera's axis, 1/metre; 0 where the ray meets nothing. */
  readonly nearness: Float64Array;
  /** `skyId`, `groundId`, or `firstSurfaceId` + the surface's place among the projected ones. */
  readonly ids: Uint16Array;
}

export const skyId = 0;
export const groundId = 1;
export const firstSurfaceId = 2;

/** Nothing is drawn nearer than this, metres. */
const nearest = 1.2;

/**
 * A surface as seen from the camera: with the ray r = (a, b, 1), `rows[2]·r` is 1/distance, and `rows[0]·r`,
 * `rows[1]·r` are u and v divided by the distance (the inverse of the matrix of edges and origin).
 */
export type Projection = readonly [toU: Vector, toV: Vector, toNearness: Vector];

interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** To the nearest corner, metres. */
  readonly distance: number;
}

/** The corners of a surface in the camera's axes, one after the other around it. */
function cornersOf(origin: Vector, across: Vector, upward: Vector): Vector[] {
  return [
    origin,
    [origin[0] + across[0], origin[1] + across[1], origin[2] + across[2]],
    [origin[0] + across[0] + upward[0], origin[1] + across[1] + upward[1], origin[2] + across[2] + upward[2]],
    [origin[0] + upward[0], origin[1] + upward[1], origin[2] + upward[2]],
  ];
}

/** The rectangle of the grid that a surface can be in, after what is behind the camera is cut off. */
function boundsOf(grid: RayGrid, corners: readonly Vector[]): Bounds | undefined {
  let [left, right, top, bottom, distance] = [Infinity, -Infinity, Infinity, -Infinity, Infinity];
  const include = (x: number, y: number, z: number): void => {
    const column = grid.columns / 2 + (grid.focal * x) / z;
    const row = grid.rows / 2 - (grid.focal * y) / z;
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
    distance = Math.min(distance, z);
  };
  let from = corners[corners.length - 1] as Vector;
  for (const to of corners) {
    if (to[2] >= nearest) include(to[0], to[1], to[2]);
    if (from[2] >= nearest !== to[2] >= nearest) {
      const share = (nearest - from[2]) / (to[2] - from[2]);
      include(from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), nearest);
    }
    from = to;
  }
  if (distance === Infinity) return undefined;
  // The centres of samples are half a sample from the grid's lines.
  left = Math.max(0, Math.ceil(left - 0.5));
  right = Math.min(grid.columns - 1, Math.floor(right - 0.5));
  top = Math.max(0, Math.ceil(top - 0.5));
  bottom = Math.min(grid.rows - 1, Math.floor(bottom - 0.5));
  return left > right || top > bottom ? undefined : { left, right, top, bottom, distance };
}

/** A surface that is at least partly before the camera. */
export interface ProjectedSurface {
  readonly surface: Surface;
  readonly projection: Projection;
  readonly bounds: Bounds;
}

/** @returns undefined when the surface is out of sight or seen edge-on */
export function projectSurface(camera: Camera, grid: RayGrid, surface: Surface): ProjectedSurface | undefined {
  const origin = inCameraAxes(camera, surface.origin, false);
  const across = inCameraAxes(camera, surface.across, true);
  const upward = inCameraAxes(camera, surface.upward, true);
  const bounds = boundsOf(grid, cornersOf(origin, across, upward));
  if (bounds === undefined) return undefined;
  const rowU = cross(upward, origin);
  const volume = dot(across, rowU);
  if (Math.abs(volume) < 1e-9) return undefined;
  const scale = ([x, y, z]: Vector): Vector => [x / volume, y / volume, z / volume];
  return { surface, bounds, projection: [scale(rowU), scale(cross(origin, across)), scale(cross(across, upward))] };
}

/** Ground and sky, as if nothing stood on the ground. */
function clearView(scene: Scene, grid: RayGrid, view: Visibility): void {
  const { right, up, forward, place } = scene.camera;
  for (let row = 0; row < grid.rows; row += 1) {
    const b = (grid.rows / 2 - row - 0.5) / grid.focal;
    for (let column = 0; column < grid.columns; column += 1) {
      const a = (column + 0.5 - grid.columns / 2) / grid.focal;
      const fall = -(a * right[1] + b * up[1] + forward[1]);
      const sample = row * grid.columns + column;
      view.nearness[sample] = fall > 1e-4 ? fall / place[1] : 0;
      view.ids[sample] = fall > 1e-4 ? groundId : skyId;
    }
  }
}

/**
 * Finds what each ray meets first (a z-buffer).
 * @param surfaces nearest first: what is behind them then fails the distance test before its outline is looked at
 */
export function findVisible(
  scene: Scene,
  grid: RayGrid,
  surfaces: readonly ProjectedSurface[],
  view: Visibility,
): void {
  clearView(scene, grid, view);
  const { nearness, ids } = view;
  const { columns, focal } = grid;
  for (const [index, { surface, projection, bounds }] of surfaces.entries()) {
    const { covers } = surface;
    const [[ua, ub, u1], [va, vb, v1], [na, nb, n1]] = projection;
    for (let row = bounds.top; row <= bounds.bottom; row += 1) {
      const b = (grid.rows / 2 - row - 0.5) / focal;
      const nRow = nb * b + n1;
      const uRow = ub * b + u1;
      const vRow = vb * b + v1;
      for (let column = bounds.left; column <= bounds.right; column += 1) {
        const a = (column + 0.5 - columns / 2) / focal;
        const near = na * a + nRow;
        const sample = row * columns + column;
        if (near <= (nearness[sample] as number) || near > 1 / nearest) continue;
        const u = (ua * a + uRow) / near;
        if (u < 0 || u > 1) continue;
        const v = (va * a + vRow) / near;
        if (v < 0 || v > 1) continue;
        if (covers !== undefined && !covers(u, v)) continue;
        nearness[sample] = near;
        ids[sample] = firstSurfaceId + index;
      }
    }
  }
}
