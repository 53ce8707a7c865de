import { mix } from '../trainer/random.js';

/**
 * Random numbers of a weighting, a function of (seed, step, index) alone: a run that is repeated draws the same, on
 * every machine.
 */
export class Draws {
  private readonly key: number;

  /** @param purpose tells apart what draws under the same seed */
  constructor(seed: number, purpose: number) {
    this.key = mix(mix(0x6a09e667, seed), purpose);
  }

  /** Uniform in (0, 1), never either end. */
  uniform(step: number, index: number): number {
    return (this.integer(step, index) + 0.5) / 2 ** 32;
  }

  /** Uniform in 0 … 2³² − 1, as a seed of what draws on the device. */
  integer(step: number, index: number): number {
    return mix(mix(this.key, step), index);
  }

  /** Standard normal, by the transform of Box & Muller (1958). */
  normal(step: number, index: number): number {
    const radius = Math.sqrt(-2 * Math.log(this.uniform(step, 2 * index)));
    return radius * Math.cos(2 * Math.PI * this.uniform(step, 2 * index + 1));
  }

  /** For each of `count` tasks all others, each list in a random order of its own. */
  orderOfOthers(count: number, step: number): number[][] {
    const tasks = Array.from({ length: count }, (_, task) => task);
    return tasks.map((task) =>
      this.shuffled(
        tasks.filter((other) => other !== task),
        step,
        task,
      ),
    );
  }

  /** Numbers in random order (Knuth 1969, algorithm P). */
  private shuffled(items: readonly number[], step: number, index: number): number[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = Math.floor(this.uniform(step, 1000 * (index + 1) + last) * (last + 1));
      const kept = order[last] as number;
      order[last] = order[other] as number;
      order[other] = kept;
    }
    return order;
  }
}
