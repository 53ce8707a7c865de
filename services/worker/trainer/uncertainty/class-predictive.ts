/**
 * The predictive distribution of a batch's classes: the mean of the class probabilities of several passes, which a single
 * pass is as well. Passes are added one after the other and not kept.
 */
export class ClassPredictive {
  private passes = 0;
  /** Places × classes, added up over the passes. */
  private probabilities: Float64Array | undefined;
  /** Entropies of the passes' own distributions, added up. */
  private readonly entropies: Float64Array;

  /** @param labels true classes; negative ones do not count */
  constructor(private readonly labels: ArrayLike<number>) {
    this.entropies = new Float64Array(labels.length);
  }

  /** @param logits places × classes */
  add(logits: Float32Array): void {
    const places = this.labels.length;
    const classes = logits.length / places;
    const sums = (this.probabilities ??= new Float64Array(logits.length));
    if (logits.length !== sums.length || !Number.isInteger(classes)) {
      throw new RangeError(`${logits.length} logits do not fit ${places} places`);
    }
    this.passes += 1;
    for (let place = 0; place < places; place += 1) {
      const start = place * classes;
      let largest = -Infinity;
      for (let label = 0; label < classes; label += 1) largest = Math.max(largest, logits[start + label] as number);
      let sum = 0;
      for (let label = 0; label < classes; label += 1) sum += Math.exp((logits[start + label] as number) - largest);
      let mean = 0;
      for (let label = 0; label < classes; label += 1) {
        const shifted = (logits[start + label] as number) - largest;
        const probability = Math.exp(shifted) / sum;
        sums[start + label] = (sums[start + label] as number) + probability;
        mean += probability * shifted;
      }
      // −Σ p·log p with log p = shifted − log sum.
      this.entropies[place] = (this.entropies[place] as number) + Math.log(sum) - mean;
    }
  }

  /** Logits whose softmax is the predictive distribution. */
  logits(): Float32Array {
    // A probability of 0 has the logarithm that makes no other one different.
    return Float32Array.from(this.probabilities ?? [], (sum) => Math.log(Math.max(sum / this.passes, 1e-37)));
  }

  /** Mutual information of class and network at every place, as shares of the largest entropy there is. */
  mutualInformationShares(): Float32Array {
    const shares = new Float32Array(this.labels.length);
    const most = Math.log(this.classes);
    for (let place = 0; place < shares.length; place += 1) shares[place] = this.mutualInformation(place) / most;
    return shares;
  }

  /** What each place that counts says of its prediction. */
  forEachTruth(
    tell: (seen: {
      /** Predicted for the true class. */
      readonly logLikelihood: number;
      /** Probability of the predicted class. */
      readonly confidence: number;
      readonly isRight: boolean;
      /** In nats. */
      readonly mutualInformation: number;
    }) => void,
  ): void {
    for (let place = 0; place < this.labels.length; place += 1) {
      const label = this.labels[place] as number;
      if (label < 0) continue;
      let best = 0;
      for (let other = 1; other < this.classes; other += 1) {
        if (this.probability(place, other) > this.probability(place, best)) best = other;
      }
      tell({
        logLikelihood: Math.log(Math.max(this.probability(place, label), Number.MIN_VALUE)),
        confidence: this.probability(place, best),
        isRight: best === label,
        mutualInformation: this.mutualInformation(place),
      });
    }
  }

  private get classes(): number {
    return (this.probabilities?.length ?? 0) / this.labels.length;
  }

  private probability(place: number, label: number): number {
    return (this.probabilities?.[place * this.classes + label] ?? 0) / this.passes;
  }

  /** H[mean p] − mean H[p] (Houlsby et al. 2011, "BALD"), which is 0 for a single pass. */
  private mutualInformation(place: number): number {
    let entropy = 0;
    for (let label = 0; label < this.classes; label += 1) {
      const probability = this.probability(place, label);
      if (probability > 0) entropy -= probability * Math.log(probability);
    }
    return Math.max(0, entropy - (this.entropies[place] as number) / this.passes);
  }
}
