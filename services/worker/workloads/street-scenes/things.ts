import type { SceneClass } from './classes.js';
import type { Light } from './light.js';
import { worldX, plotEdge, type Side, type Street } from './street.js';
import type { GroundShadow, Surface, Vector } from './surface.js';

/** A scene while it is being filled with things. */
export class Things {
  readonly surfaces: Surface[] = [];
  readonly shadows: GroundShadow[] = [];
  private instances = 0;

  constructor(
    readonly street: Street,
    readonly light: Light,
    /** Where the camera is: closed bodies leave out the sides it cannot see. */
    readonly eye: Vector,
  ) {}

  nextInstance(): number {
    this.instances += 1;
    return this.instances;
  }

  add(surface: Surface): void {
    this.surfaces.push(surface);
  }

  /** World coordinates of a point `height` over the place (s, z). */
  at(s: number, z: number, height = 0): Vector {
    return [worldX(this.street, s, z), height, z];
  }

  /**
   * Adds an upright surface that faces the camera.
   * @param s @param z place of the middle of its foot
   * @param bottom @param top heights in metres
   */
  addCard(
    place: { s: number; z: number; width: number; bottom: number; top: number },
    look: Pick<Surface, 'covers' | 'paint'> & { class: SceneClass; instance?: number },
  ): void {
    const { s, z, width, bottom, top } = place;
    const [x] = this.at(s, z);
    const shadowTop = this.shadowHeight(s, z) > (bottom + top) / 2 ? 1 : 0;
    this.add({
      origin: [x - width / 2, bottom, z],
      across: [width, 0, 0],
      upward: [0, top - bottom, 0],
      instance: 0,
      shadowTop,
      ...look,
    });
  }

  addShadow(s: number, z: number, halfWidth: number, halfLength: number, strength: number): void {
    const [x] = this.at(s, z);
    this.shadows.push({ x, z, halfWidth, halfLength, strength });
  }

  /** Height up to which the buildings towards the sun shade the place (s, z), metres; −1 where they do not. */
  shadowHeight(s: number, z: number): number {
    const { street, light } = this;
    const [sunX, sunY] = light.sun;
    const side = street.sides[sunX < 0 ? 0 : 1];
    const plot = plotAt(side, z);
    if (plot === undefined || plot.height === 0) return -1;
    const wall = side.sign * (plotEdge(street, side) + plot.setback);
    const away = (wall - s) * side.sign;
    return away < 0 ? plot.height : plot.height - (away * sunY) / Math.abs(sunX);
  }
}

function plotAt(side: Side, z: number) {
  return side.plots.find(({ start, end }) => z >= start && z < end);
}
