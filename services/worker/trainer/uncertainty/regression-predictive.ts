import { cumulative, logDensity, varianceOf, type NoiseFamily } from './noise.js';

/**
 * The predictive distribution of a batch's numbers: the even mixture of the distributions that several passes predict,
 * which a single pass is as well. Passes are added one after the other and not kept.
 *
 * Its variance is the mean of the passes' variances and the variance of their means (Kendall & Gal 2017, section 3.1); the
 * latter is what the network itself does not know.
 */
export class RegressionPredictive {
  private passes = 0;
  /** Of the passes' means, and of their squared distances from it (Welford 1962). */
  private readonly means: Float64Array;
  private readonly squares: Float64Array;
  private readonly variances: Float64Array;
  private readonly cumulatives: Float64Array;
  private readonly logDensities: Float64Array;

  /** @param truths in the head's units, NaN where none counts */
  constructor(
    private readonly truths: Float64Array,
    private readonly family: NoiseFamily,
  ) {
    const [length] = [truths.length];
    this.means = new Float64Array(length);
    this.squares = new Float64Array(length);
    this.variances = new Float64Array(length);
    this.cumulatives = new Float64Array(length);
    this.logDensities = new Float64Array(length).fill(-Infinity);
  }

  /**
   * @param means one for each truth
   * @param logScaleOf log b of a Laplace distribution, log σ² of a Gaussian, at a place of `truths`
   */
  add(means: ArrayLike<number>, logScaleOf: (index: number) => number): void {
    if (means.length !== this.truths.length) {
      throw new RangeError(`${means.length} predictions do not fit ${this.truths.length} truths`);
    }
    this.passes += 1;
    for (let index = 0; index < means.length; index += 1) {
      const mean = means[index] as number;
      const before = mean - (this.means[index] as number);
      this.means[index] = (this.means[index] as number) + before / this.passes;
      this.squares[index] = (this.squares[index] as number) + before * (mean - (this.means[index] as number));
      const logScale = logScaleOf(index);
      this.variances[index] = (this.variances[index] as number) + varianceOf(this.family, logScale);
      const residual = (this.truths[index] as number) - mean;
      if (Number.isNaN(residual)) continue;
      this.cumulatives[index] = (this.cumulatives[index] as number) + cumulative(this.family, residual, logScale);
      this.logDensities[index] = logSum(
        this.logDensities[index] as number,
        logDensity(this.family, residual, logScale),
      );
    }
  }

  /** The mean of the passes' means. */
  mean(): Float32Array {
    return Float32Array.from(this.means);
  }

  /** Standard deviations of the passes' means. */
  epistemicDeviations(): Float32Array {
    return Float32Array.from(this.squares, (square) => Math.sqrt(square / this.passes));
  }

  /** Standard deviations of the noise, the mean variance over the passes. */
  noiseDeviations(): Float32Array {
    return Float32Array.from(this.variances, (variance) => Math.sqrt(variance / this.passes));
  }

  /** What each truth that counts says of its prediction. */
  forEachTruth(
    tell: (seen: {
      /** Cumulative probability of the truth. */
      readonly cumulative: number;
      /** Of the density, in the head's units. */
      readonly logDensity: number;
      readonly noiseVariance: number;
      readonly epistemicVariance: number;
    }) => void,
  ): void {
    this.truths.forEach((truth, index) => {
      if (Number.isNaN(truth)) return;
      tell({
        cumulative: (this.cumulatives[index] as number) / this.passes,
        logDensity: (this.logDensities[index] as number) - Math.log(this.passes),
        noiseVariance: (this.variances[index] as number) / this.passes,
        epistemicVariance: (this.squares[index] as number) / this.passes,
      });
    });
  }
}

/** log(e^a + e^b) */
function logSum(a: number, b: number): number {
  const largest = Math.max(a, b);
  return largest === -Infinity ? largest : largest + Math.log1p(Math.exp(Math.min(a, b) - largest));
}
