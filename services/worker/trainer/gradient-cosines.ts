import type { PartState } from './part-state.js';

/** A pair of tasks by their places in task order. */
export interface TaskCosine {
  readonly first: number;
  readonly second: number;
  /** Mean over the epoch's steps. */
  readonly cosine: number;
}

/**
 * Adds up the cosines of the angles between the tasks' gradients over an epoch. They come from the inner products that a
 * weighting of gradients needs in any case, so they cost nothing.
 */
export class GradientCosines {
  /** Sums and numbers of steps, tasks × tasks, the upper triangle in use. */
  private readonly sums: number[];
  private readonly steps: number[];
  readonly state: PartState;

  constructor(private readonly tasks: number) {
    this.sums = Array.from({ length: tasks * tasks }, () => 0);
    this.steps = this.sums.map(() => 0);
    const all = this.sums.length;
    this.state = {
      numbers: {
        sums: {
          read: () => [...this.sums, ...this.steps],
          write: (saved) => {
            this.sums.forEach((_, place) => (this.sums[place] = saved[place] ?? 0));
            this.steps.forEach((_, place) => (this.steps[place] = saved[all + place] ?? 0));
          },
        },
      },
    };
  }

  /** @param gram inner products of the tasks' gradients, tasks × tasks; a gradient of length 0 has no angle */
  add(gram: readonly (readonly number[])[]): void {
    for (let first = 0; first < this.tasks; first += 1) {
      for (let second = first + 1; second < this.tasks; second += 1) {
        const lengths = Math.sqrt((gram[first]?.[first] ?? 0) * (gram[second]?.[second] ?? 0));
        const cosine = (gram[first]?.[second] ?? 0) / lengths;
        if (!Number.isFinite(cosine)) continue;
        const place = first * this.tasks + second;
        this.sums[place] = (this.sums[place] ?? 0) + Math.max(-1, Math.min(1, cosine));
        this.steps[place] = (this.steps[place] ?? 0) + 1;
      }
    }
  }

  /** The means since the last call, of the pairs that had any; begins anew. */
  take(): TaskCosine[] {
    const means = this.sums.flatMap((sum, place) => {
      const steps = this.steps[place] ?? 0;
      if (steps === 0) return [];
      return [{ first: Math.floor(place / this.tasks), second: place % this.tasks, cosine: sum / steps }];
    });
    this.sums.fill(0);
    this.steps.fill(0);
    return means;
  }
}
