/** A surface over scattered points of a plane: linear between neighbours, so that it never says more than was measured. */

export type PlanePoint = readonly [number, number];
export type Triangle = readonly [number, number, number];

interface Circle {
  readonly triangle: Triangle;
  readonly centre: PlanePoint;
  readonly squaredRadius: number;
}

/** Far enough away that a circle through it is a straight line, as good as any, over the points. */
const farAway = 10_000;

function circleOf(points: readonly PlanePoint[], triangle: Triangle): Circle | undefined {
  const [[ax, ay], [bx, by], [cx, cy]] = triangle.map((index) => points[index] ?? [0, 0]) as [
    PlanePoint,
    PlanePoint,
    PlanePoint,
  ];
  const [ux, uy, vx, vy] = [bx - ax, by - ay, cx - ax, cy - ay];
  const twice = 2 * (ux * vy - uy * vx);
  if (Math.abs(twice) < 1e-12) return undefined;
  const [u, v] = [ux * ux + uy * uy, vx * vx + vy * vy];
  const [x, y] = [(vy * u - uy * v) / twice, (ux * v - vx * u) / twice];
  return { triangle, centre: [ax + x, ay + y], squaredRadius: x * x + y * y };
}

/**
 * Delaunay triangulation (Bowyer 1981, Watson 1981): no point lies within the circle through another triangle's corners.
 * @param points of about unit extent, no two in one place
 * @returns indices of the corners; empty where all points lie on one line
 */
export function triangulate(points: readonly PlanePoint[]): Triangle[] {
  const count = points.length;
  const all: PlanePoint[] = [...points, [-farAway, -farAway], [farAway, -farAway], [0, 2 * farAway]];
  const around = circleOf(all, [count, count + 1, count + 2]);
  let circles: Circle[] = around === undefined ? [] : [around];
  for (let index = 0; index < count; index += 1) {
    const [x, y] = all[index] ?? [0, 0];
    const holds = ({ centre, squaredRadius }: Circle): boolean =>
      (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < squaredRadius * (1 - 1e-10);
    const edges = new Map<string, readonly [number, number]>();
    for (const { triangle } of circles.filter(holds)) {
      for (let corner = 0; corner < 3; corner += 1) {
        const ends = [triangle[corner] ?? 0, triangle[(corner + 1) % 3] ?? 0] as const;
        const name = ends[0] < ends[1] ? `${ends[0]} ${ends[1]}` : `${ends[1]} ${ends[0]}`;
        // An edge between two of them is within the hole that the point makes.
        if (!edges.delete(name)) edges.set(name, ends);
      }
    }
    circles = [
      ...circles.filter((circle) => !holds(circle)),
      ...[...edges.values()].flatMap(([from, to]) => circleOf(all, [from, to, index]) ?? []),
    ];
  }
  return circles.map(({ triangle }) => triangle).filter((triangle) => triangle.every((index) => index < count));
}

interface Corner {
  readonly place: PlanePoint;
  readonly value: number;
}

/** The part of a polygon, over which a value is linear, where the value is on one side of a level. */
function cut(polygon: readonly Corner[], level: number, side: 1 | -1): Corner[] {
  return polygon.flatMap((corner, index) => {
    const next = polygon[(index + 1) % polygon.length] ?? corner;
    const [here, there] = [side * (corner.value - level), side * (next.value - level)];
    const kept = here >= 0 ? [corner] : [];
    if (here >= 0 === there >= 0) return kept;
    const share = here / (here - there);
    const between = (a: number, b: number): number => a + share * (b - a);
    const place: PlanePoint = [between(corner.place[0], next.place[0]), between(corner.place[1], next.place[1])];
    return [...kept, { place, value: level }];
  });
}

/**
 * The regions of the plane where the surface lies between two neighbouring levels.
 * @param levels ascending
 * @returns for each band, from the first pair of levels on, its polygons
 */
export function bandsOf(
  points: readonly PlanePoint[],
  values: readonly number[],
  levels: readonly number[],
): PlanePoint[][][] {
  const triangles = triangulate(points);
  return levels.slice(1).map((high, index) => {
    const low = levels[index] ?? high;
    return triangles
      .map((triangle) => triangle.map((at): Corner => ({ place: points[at] ?? [0, 0], value: values[at] ?? 0 })))
      .map((polygon) => cut(cut(polygon, low, 1), high, -1))
      .filter((polygon) => polygon.length > 2)
      .map((polygon) => polygon.map(({ place }) => place));
  });
}
