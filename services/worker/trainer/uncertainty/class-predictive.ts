/** A predicted noise of logits, with the numbers that it is sampled by. */
export interface LogitNoise {
  /** log σ² of each logit. */
  readonly logVariances: Float32Array;
  /** Standard normal, samples × logits. */
  readonly normals: Float32Array;
}

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
  /** Mutual information of class and noise of the logits, added up over the passes. */
  private readonly noiseInformation: Float64Array;
  /** Mean variances of a place's logits, added up over the passes. */
  private readonly noiseVariances: Float64Array;

  /** @param labels true classes; negative ones do not count */
  constructor(private readonly labels: ArrayLike<number>) {
    this.entropies = new Float64Array(labels.length);
    this.noiseInformation = new Float64Array(labels.length);
    this.noiseVariances = new Float64Array(labels.length);
  }

  /**
   * @param logits places × classes
   * @param noise of the logits, where it is predicted: the pass's distribution is then the mean over its samples
   */
  add(logits: Float32Array, noise?: LogitNoise): void {
    const places = this.labels.length;
    const classes = logits.length / places;
    const sums = (this.probabilities ??= new Float64Array(logits.length));
    if (logits.length !== sums.length || !Number.isInteger(classes)) {
      throw new RangeError(`${logits.length} logits do not fit ${places} places`);
    }
    this.passes += 1;
    const samples = noise === undefined ? 1 : noise.normals.length / logits.length;
    const [row, mean] = [new Float64Array(classes), new Float64Array(classes)];
    for (let place = 0; place < places; place += 1) {
      const start = place * classes;
      mean.fill(0);
      let entropies = 0;
      for (let sample = 0; sample < samples; sample += 1) {
        for (let label = 0; label < classes; label += 1) {
          row[label] = (logits[start + label] as number) + shiftOf(noise, start + label, sample * logits.length);
        }
        entropies += softmaxInPlace(row);
        for (let label = 0; label < classes; label += 1) {
          mean[label] = (mean[label] as number) + (row[label] as number) / samples;
        }
      }
      for (let label = 0; label < classes; label += 1) {
        sums[start + label] = (sums[start + label] as number) + (mean[label] as number);
      }
      const entropy = samples === 1 ? entropies : entropyOf(mean);
      this.entropies[place] = (this.entropies[place] as number) + entropy;
      this.noiseInformation[place] =
        (this.noiseInformation[place] as number) + Math.max(0, entropy - entropies / samples);
      for (let label = 0; noise !== undefined && label < classes; label += 1) {
        const variance = Math.exp(noise.logVariances[start + label] as number);
        this.noiseVariances[place] = (this.noiseVariances[place] as number) + variance / classes;
      }
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

  /** Standard deviations of the noise of the logits at every place: roots of the mean variance over classes and passes. */
  noiseDeviations(): Float32Array {
    return Float32Array.from(this.noiseVariances, (sum) => Math.sqrt(sum / this.passes));
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
      /** In nats; 0 where no noise is predicted. */
      readonly noiseInformation: number;
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
        noiseInformation: (this.noiseInformation[place] as number) / this.passes,
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

/** @param from where the sample's normal numbers begin */
function shiftOf(noise: LogitNoise | undefined, index: number, from: number): number {
  if (noise === undefined) return 0;
  return Math.exp((noise.logVariances[index] as number) / 2) * (noise.normals[from + index] as number);
}

/** Turns logits into probabilities and returns their entropy, in nats. */
function softmaxInPlace(row: Float64Array): number {
  let largest = -Infinity;
  for (const logit of row) largest = Math.max(largest, logit);
  let [sum, weighted] = [0, 0];
  for (const logit of row) {
    const share = Math.exp(logit - largest);
    sum += share;
    weighted += share * (logit - largest);
  }
  for (let label = 0; label < row.length; label += 1) row[label] = Math.exp((row[label] as number) - largest) / sum;
  // −Σ p·log p with log p = shifted − log sum.
  return Math.log(sum) - weighted / sum;
}

function entropyOf(probabilities: Float64Array): number {
  return probabilities.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
}
