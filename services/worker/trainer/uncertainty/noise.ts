import type { RegressionError } from '../../workloads/workload.js';

/** The likelihood that an error belongs to: Laplace to the absolute one, Gaussian to the squared one. */
export type NoiseFamily = 'laplace' | 'gaussian';

export function familyOf(error: RegressionError): NoiseFamily {
  return error === 'squared' ? 'gaussian' : 'laplace';
}

/** @param logScale log b of a Laplace distribution, whose variance is 2b²; log σ² of a Gaussian */
export function varianceOf(family: NoiseFamily, logScale: number): number {
  return family === 'laplace' ? 2 * Math.exp(2 * logScale) : Math.exp(logScale);
}

/** Natural logarithm of the density at a distance from the mean. */
export function logDensity(family: NoiseFamily, distance: number, logScale: number): number {
  return family === 'laplace'
    ? -Math.abs(distance) * Math.exp(-logScale) - logScale - Math.LN2
    : -0.5 * (distance * distance * Math.exp(-logScale) + logScale + Math.log(2 * Math.PI));
}

/** Probability of less than this distance from the mean. */
export function cumulative(family: NoiseFamily, distance: number, logScale: number): number {
  if (family === 'gaussian') return normalCumulative(distance * Math.exp(-logScale / 2));
  const tail = 0.5 * Math.exp(-Math.abs(distance) * Math.exp(-logScale));
  return distance < 0 ? tail : 1 - tail;
}

/** Of the standard normal distribution: ½·erfc(−x/√2), erfc by its Chebyshev fit in Press et al. 1992, section 6.2; to 1.2e-7. */
export function normalCumulative(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + z / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const polynomial = coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  const tail = 0.5 * t * Math.exp(-z * z + polynomial);
  return x < 0 ? tail : 1 - tail;
}
