import type { RandomStream } from '../random.js';

export type PlotKind = 'building' | 'garden' | 'side-street';

/** A piece of land beside the road, from z = `start` to `end` (metres along the road). */
export interface Plot {
  readonly kind: PlotKind;
  readonly start: number;
  readonly end: number;
  /** From the pavement to the façade, metres. */
  readonly setback: number;
  /** Height of the eaves, metres; 0 where there is no building. */
  readonly height: number;
  /** What lies in front of the façade. */
  readonly yard: 'grass' | 'paved';
}

/** One side of the road; distances in metres. */
export interface Side {
  /** −1 left, 1 right. */
  readonly sign: -1 | 1;
  /** Width of the strip of grass between kerb and pavement; often 0. */
  readonly verge: number;
  readonly pavement: number;
  readonly plots: readonly Plot[];
  readonly parkedShare: number;
  readonly treeSpacing: number;
}

/** The plan of a street. A place is (s, z): metres to the right of the road's middle, metres ahead. */
export interface Street {
  /** 1/metre; the road's middle is at x = ½·curvature·z². */
  readonly curvature: number;
  readonly lanes: number;
  readonly laneWidth: number;
  readonly parkingWidth: number;
  /** From the middle to the kerb. */
  readonly roadHalf: number;
  /** Side of the road that traffic drives on. */
  readonly drivingSide: -1 | 1;
  /** Distance of a zebra crossing. */
  readonly zebra: number | undefined;
  readonly sides: readonly [Side, Side];
}

/** Plots begin behind the camera and end here, metres. */
export const streetStart = -10;
export const streetEnd = 170;

const plotKinds = ['building', 'building', 'building', 'building', 'building', 'garden', 'side-street'] as const;

function planPlots(random: RandomStream): Plot[] {
  const typicalHeight = random.between(5, 20);
  const typicalSetback = random.chance(0.5) ? 0 : random.between(1, 5);
  const green = random.between(0, 0.5);
  const plots: Plot[] = [];
  let start = streetStart;
  while (start < streetEnd) {
    const drawn = random.pick(plotKinds);
    const kind =
      drawn === 'building' && random.chance(green)
        ? 'garden'
        : start < 4 && drawn === 'side-street'
          ? 'building'
          : drawn;
    const length = kind === 'side-street' ? random.between(6, 10) : random.between(7, 22);
    plots.push({
      kind,
      start,
      end: start + length,
      setback: Math.max(0, typicalSetback + random.between(-0.8, 0.8)),
      height: kind === 'building' ? typicalHeight * random.between(0.7, 1.5) : 0,
      yard: random.chance(0.6) ? 'grass' : 'paved',
    });
    start += length;
  }
  return plots;
}

function planSide(random: RandomStream, sign: -1 | 1): Side {
  return {
    sign,
    verge: random.chance(0.3) ? random.between(0.8, 2) : 0,
    pavement: random.between(1.6, 4.5),
    plots: planPlots(random),
    parkedShare: random.chance(0.3) ? 0 : random.between(0.2, 0.9),
    treeSpacing: random.chance(0.45) ? 0 : random.between(7, 18),
  };
}

export function planStreet(random: RandomStream): Street {
  const lanes = random.pick([1, 1, 1, 2]);
  const laneWidth = random.between(2.9, 3.6);
  const parkingWidth = random.chance(0.75) ? random.between(2, 2.4) : 0.4;
  return {
    curvature: random.chance(0.4) ? 0 : random.between(-0.006, 0.006),
    lanes,
    laneWidth,
    parkingWidth,
    roadHalf: lanes * laneWidth + parkingWidth,
    drivingSide: random.chance(0.5) ? 1 : -1,
    zebra: random.chance(0.35) ? random.between(9, 40) : undefined,
    sides: [planSide(random, -1), planSide(random, 1)],
  };
}

/** World x of the place (s, z). */
export function worldX(street: Street, s: number, z: number): number {
  return 0.5 * street.curvature * z * z + s;
}

/** Distance from the middle to where the plots begin. */
export function plotEdge(street: Street, side: Side): number {
  return street.roadHalf + side.verge + side.pavement;
}
