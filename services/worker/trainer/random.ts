/**
 * Counter-based random numbers: each is a function of its keys alone, so that an order or a start can be made again
 * without replaying what came before.
 */

/** Mixes a word into a 32-bit hash; the finaliser is MurmurHash3's (Appleby 2011). */
export function mix(hash: number, word: number): number {
  let h = (hash ^ Math.imul(word, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A 32-bit hash of a text under a seed. */
export function hashOfText(text: string, seed: number): number {
  return Array.from(text).reduce((hash, letter) => mix(hash, letter.codePointAt(0) ?? 0), mix(0x51ed270b, seed));
}

/**
 * The order in which an epoch visits the samples: a permutation of 0 … length − 1 that follows from (seed, epoch).
 * Fisher and Yates's shuffle (Knuth 1969, algorithm P) with counter-based draws.
 */
export function epochOrder(length: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  const key = mix(mix(0x2545f491, seed), epoch);
  for (let last = length - 1; last > 0; last -= 1) {
    const other = Math.floor((mix(key, last) / 2 ** 32) * (last + 1));
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}
