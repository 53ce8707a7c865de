import {
  binMetrics,
  confidenceBins,
  quantileLevels,
  quantileMetric,
  type ReliabilityBin,
} from '../../../shared/messages/calibration-points.js';
import type { ClassPredictive } from './class-predictive.js';
import type { RegressionPredictive } from './regression-predictive.js';

/** Metrics by name, and the points of the calibration's chart; empty without a single truth. */
export type Scores = Readonly<Record<string, number>>;

/**
 * How well predictive distributions of a regression fit the truths of a set: the mean negative log likelihood, for a
 * density in the task's own unit; and the calibration (Kuleshov, Fenner & Ermon 2018, section 3): how often truths are
 * below each quantile, the error being its mean absolute distance from the quantile's level.
 */
export class RegressionScores {
  private count = 0;
  private logDensity = 0;
  private variance = 0;
  private epistemicVariance = 0;
  private readonly below = new Float64Array(quantileLevels.length);

  /**
   * @param unit what of the task's unit an output of 1 stands for
   * @param isEpistemic whether predictions are of several passes, so that what the network does not know is seen
   */
  constructor(
    private readonly unit: number,
    private readonly isEpistemic: boolean,
  ) {}

  add(batch: RegressionPredictive): void {
    batch.forEachTruth(({ cumulative, logDensity, noiseVariance, epistemicVariance }) => {
      this.count += 1;
      this.logDensity += logDensity;
      this.variance += noiseVariance + epistemicVariance;
      this.epistemicVariance += epistemicVariance;
      quantileLevels.forEach((level, place) => {
        // The truth is below the quantile of a level where its cumulative probability is below the level.
        if (cumulative <= level) this.below[place] = (this.below[place] as number) + 1;
      });
    });
  }

  result(): Scores {
    const { count, unit } = this;
    if (count === 0) return {};
    const observed = Array.from(this.below, (below) => below / count);
    return {
      negativeLogLikelihood: -this.logDensity / count + Math.log(unit),
      calibrationError: mean(quantileLevels.map((level, place) => Math.abs((observed[place] ?? 0) - level))),
      predictedDeviation: unit * Math.sqrt(this.variance / count),
      ...(this.isEpistemic ? { epistemicDeviation: unit * Math.sqrt(this.epistemicVariance / count) } : {}),
      ...Object.fromEntries(quantileLevels.map((level, place) => [quantileMetric(level), observed[place] ?? 0])),
    };
  }
}

/**
 * How well predicted class probabilities fit the truths of a set: the mean negative log likelihood; and the expected
 * calibration error (Guo et al. 2017, section 2): over bins of equal width of the predicted class's probability, the mean
 * distance between that probability and the share that was right, weighed by the bins' counts.
 */
export class ClassScores {
  private count = 0;
  private logLikelihood = 0;
  private mutualInformation = 0;
  private noiseInformation = 0;
  private readonly bins = Array.from({ length: confidenceBins }, () => ({ count: 0, confidence: 0, right: 0 }));

  /**
   * @param isEpistemic see `RegressionScores`
   * @param isNoisy whether the noise of the logits is predicted
   */
  constructor(
    private readonly isEpistemic: boolean,
    private readonly isNoisy = false,
  ) {}

  add(batch: ClassPredictive): void {
    batch.forEachTruth(({ logLikelihood, confidence, isRight, mutualInformation, noiseInformation }) => {
      this.count += 1;
      this.logLikelihood += logLikelihood;
      this.mutualInformation += mutualInformation;
      this.noiseInformation += noiseInformation;
      // Bins hold their upper ends: ((m − 1)/M, m/M].
      const place = Math.min(confidenceBins - 1, Math.max(0, Math.ceil(confidence * confidenceBins) - 1));
      const bin = this.bins[place] as (typeof this.bins)[number];
      bin.count += 1;
      bin.confidence += confidence;
      bin.right += isRight ? 1 : 0;
    });
  }

  result(): Scores {
    const { count } = this;
    if (count === 0) return {};
    const bins = this.bins.map((bin): ReliabilityBin => ({
      count: bin.count,
      confidence: bin.confidence / Math.max(1, bin.count),
      accuracy: bin.right / Math.max(1, bin.count),
    }));
    const distances = bins.map((bin) => (bin.count / count) * Math.abs(bin.accuracy - bin.confidence));
    return {
      negativeLogLikelihood: -this.logLikelihood / count,
      calibrationError: distances.reduce((sum, distance) => sum + distance, 0),
      ...(this.isNoisy ? { noiseInformation: this.noiseInformation / count } : {}),
      ...(this.isEpistemic ? { mutualInformation: this.mutualInformation / count } : {}),
      ...Object.fromEntries(bins.flatMap((bin, place) => (bin.count === 0 ? [] : binMetrics(place, bin)))),
    };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
