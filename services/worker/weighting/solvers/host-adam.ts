import type { PartState } from '../../trainer/part-state.js';

/** Adam (Kingma & Ba 2015, algorithm 1) for a few numbers on the host. */
export class HostAdam {
  private first: number[];
  private second: number[];
  private steps = 0;

  constructor(
    size: number,
    private readonly learningRate: number,
    private readonly beta1 = 0.9,
    private readonly beta2 = 0.999,
  ) {
    this.first = new Array<number>(size).fill(0);
    this.second = new Array<number>(size).fill(0);
  }

  readonly state: PartState = {
    numbers: {
      first: { read: () => this.first, write: (saved) => (this.first = [...saved]) },
      second: { read: () => this.second, write: (saved) => (this.second = [...saved]) },
      steps: { read: () => [this.steps], write: ([saved = 0]) => (this.steps = saved) },
    },
  };

  /** The values after one step against their gradient. */
  step(values: readonly number[], gradient: readonly number[]): number[] {
    this.steps += 1;
    return values.map((value, index) => {
      const slope = gradient[index] ?? 0;
      const mean = this.beta1 * (this.first[index] ?? 0) + (1 - this.beta1) * slope;
      const square = this.beta2 * (this.second[index] ?? 0) + (1 - this.beta2) * slope * slope;
      this.first[index] = mean;
      this.second[index] = square;
      const corrected = Math.sqrt(square / (1 - this.beta2 ** this.steps));
      // Relative to the gradient's own size, since nothing says how large norms of gradients are.
      return corrected === 0 ? value : value - (this.learningRate * mean) / (1 - this.beta1 ** this.steps) / corrected;
    });
  }
}
