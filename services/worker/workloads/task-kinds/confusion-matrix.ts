/** Counts of (true class, predicted class) over a whole set, and what follows from them exactly. */
export class ConfusionMatrix {
  /** Row: true class; column: predicted class. */
  readonly counts: Float64Array;

  constructor(readonly classes: number) {
    this.counts = new Float64Array(classes * classes);
  }

  /** Counts so many pixels or samples. */
  add(truth: number, predicted: number, times = 1): void {
    if (truth >= this.classes) {
      throw new RangeError(`a target has the class ${truth}; the task has the classes 0 … ${this.classes - 1}`);
    }
    const cell = truth * this.classes + predicted;
    this.counts[cell] = (this.counts[cell] as number) + times;
  }

  /** Share of what is predicted right; NaN where nothing was counted. */
  accuracy(): number {
    let [hits, all] = [0, 0];
    for (const { truths, hit } of this.perClass()) {
      hits += hit;
      all += truths;
    }
    return hits / all;
  }

  /** Intersection / union, averaged over the classes that occur in truth or prediction; NaN where none does. */
  meanIoU(): number {
    return mean(this.perClass().map(({ truths, predictions, hit }) => hit / (truths + predictions - hit)));
  }

  /** Harmonic mean of precision and recall, 2·hits / (truths + predictions), averaged over the same classes. */
  macroF1(): number {
    return mean(this.perClass().map(({ truths, predictions, hit }) => (2 * hit) / (truths + predictions)));
  }

  /** Of the classes that occur in truth or prediction. */
  private perClass(): { truths: number; predictions: number; hit: number }[] {
    const { classes, counts } = this;
    return Array.from({ length: classes }, (_, label) => {
      let [truths, predictions] = [0, 0];
      for (let other = 0; other < classes; other += 1) {
        truths += counts[label * classes + other] as number;
        predictions += counts[other * classes + label] as number;
      }
      return { truths, predictions, hit: counts[label * classes + label] as number };
    }).filter(({ truths, predictions }) => truths + predictions > 0);
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The first of the classes with the largest logit.
 * @param position of the pixel or sample whose logits are meant
 */
export function likeliestClass(logits: Float32Array, position: number, classes: number): number {
  let best = 0;
  for (let candidate = 1; candidate < classes; candidate += 1) {
    const value = logits[position * classes + candidate] as number;
    if (value > (logits[position * classes + best] as number)) best = candidate;
  }
  return best;
}
