import { samplers } from '../catalog/samplers.js';
import type { SearchDerivation } from '../derivation.js';
import { samplerOf } from '../search/registry.js';
import type { Search } from '../sweep-spec/search-schema.js';
import type { GridPoint } from './expand-grid.js';

/** Points that are trained before anything is known: all of them where the sampler does not learn. */
export function firstPoints(search: Search | undefined, tasks: readonly string[]): GridPoint[] {
  if (search === undefined) return [];
  const count = firstCount(search);
  const { least, seed } = search;
  const points = samplerOf[search.sampler]({
    tasks: tasks.length,
    count,
    round: 0,
    initial: count,
    seed,
    least,
    observations: [],
  });
  return points.map((point, index) => ({
    origin: `search, point ${index + 1}`,
    weights: Object.fromEntries(tasks.map((task, place) => [task, point[place] ?? 0])),
  }));
}

/** A point that is chosen when those before it are trained. */
export interface LaterPoint {
  readonly derivation: SearchDerivation;
  readonly label: string;
}

export function laterPoints(search: Search | undefined): LaterPoint[] {
  if (search === undefined || !('initial' in search)) return [];
  const first = firstCount(search);
  return Array.from({ length: search.points - first }, (_, index) => ({
    derivation: {
      kind: 'search',
      search: { ...search, initial: first },
      round: 1 + Math.floor(index / search.batch),
      place: index % search.batch,
    },
    label: `${samplers[search.sampler].label} point ${first + index + 1}`,
  }));
}

function firstCount(search: Search): number {
  return 'initial' in search ? Math.min(search.initial, search.points) : search.points;
}
