/**
 * Random numbers and noise of generated images. Both use integer hashes, +, ×, ÷ and √ only, which IEEE 754 fixes to the last
 * bit, so an image is the same on every machine.
 */

/** Mixes a word into a 32-bit hash; the finaliser is MurmurHash3's (Appleby 2011). */
export function mixHash(hash: number, word: number): number {
  let h = (hash ^ Math.imul(word, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Draws of one image: the n-th is a hash of (seed, index, n). */
export class RandomStream {
  private counter = 0;
  readonly key: number;

  constructor(seed: number, index: number) {
    this.key = mixHash(mixHash(0x243f6a88, seed), index);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    this.counter += 1;
    return mixHash(this.key, this.counter) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** A whole number, low … high, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[Math.floor(this.unit() * items.length)] ?? items[0];
  }
}

const tableSize = 128;
const tableMask = tableSize - 1;
const table = Float32Array.from({ length: tableSize * tableSize }, (_, cell) => mixHash(0x13198a2e, cell) / 2 ** 32);

/** Smooth noise, 0 … 1, with features about 1 wide; it repeats after 128. */
export function smoothNoise(x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const right = x - column;
  const down = y - row;
  const top = (row & tableMask) * tableSize;
  const bottom = ((row + 1) & tableMask) * tableSize;
  const left = column & tableMask;
  const next = (column + 1) & tableMask;
  const a = table[top + left] as number;
  const b = table[top + next] as number;
  const c = table[bottom + left] as number;
  const d = table[bottom + next] as number;
  const upper = a + (b - a) * right;
  return upper + (c + (d - c) * right - upper) * down;
}

/** Noise without smoothing, 0 … 1: one value for each cell of the unit grid. */
export function cellNoise(x: number, y: number): number {
  return table[(Math.floor(y) & tableMask) * tableSize + (Math.floor(x) & tableMask)] as number;
}
