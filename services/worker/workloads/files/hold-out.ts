import { createHash } from 'node:crypto';

/**
 * Takes a share of samples apart. Which ones follows from the seed and their names alone, so that a sample that is added
 * changes the place of few others.
 * @param share 0 … 1 of the samples; above 0 at least one is taken, and at least one is left
 * @returns both parts in the order given
 */
export function holdOut(
  names: readonly string[],
  share: number,
  seed: number,
): { readonly kept: readonly string[]; readonly heldOut: readonly string[] } {
  if (share <= 0 || names.length < 2) return { kept: names, heldOut: [] };
  const count = Math.min(names.length - 1, Math.max(1, Math.round(share * names.length)));
  const ranked = names
    .map((name) => ({ name, rank: createHash('sha1').update(`${seed}:${name}`).digest('hex') }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1));
  const taken = new Set(ranked.slice(0, count).map(({ name }) => name));
  return { kept: names.filter((name) => !taken.has(name)), heldOut: names.filter((name) => taken.has(name)) };
}
