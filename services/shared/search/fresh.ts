import type { Ask } from './sampler.js';
import { above, pointKey, rounded } from './simplex.js';

/** A small simplex has few rounded points; after so many that were there already no other one is looked for. */
const triesForEach = 50;

/**
 * Points that are not there yet, from candidates on the whole simplex.
 * @param next a further candidate
 */
export function fresh({ count, least, observations }: Ask, next: () => readonly number[]): number[][] {
  const seen = new Set(observations.map(({ point }) => pointKey(point)));
  const chosen: number[][] = [];
  for (let left = count * triesForEach; left > 0 && chosen.length < count; left -= 1) {
    const point = rounded(above(least, next()));
    const key = pointKey(point);
    if (!seen.has(key)) chosen.push(point);
    seen.add(key);
  }
  return chosen;
}
