import type { SimplexPoint } from './simplex.js';

/** A point that was trained. */
export interface Observation {
  readonly point: SimplexPoint;
  /** Larger is better; undefined where training gave the point up, which says that it is worse than the others. */
  readonly score: number | undefined;
}

/** What is asked of a sampler. */
export interface Ask {
  /** Number of weights of a point. */
  readonly tasks: number;
  /** Points wanted. */
  readonly count: number;
  /** 0 for the points that are planned before anything is known; then counts up. */
  readonly round: number;
  /** Points of round 0. */
  readonly initial: number;
  readonly seed: number;
  /** No weight may be below it. */
  readonly least: number;
  /** What was told so far: points of earlier rounds, and others that the sweep trained. */
  readonly observations: readonly Observation[];
}

/**
 * Chooses points of a simplex (the ask and tell of Collette et al. 2010, without a state between the two): a pure
 * function, so that whoever asks with the same observations gets the same points.
 * @returns rounded points, none twice and none that was observed; fewer than wanted only where there are no more
 */
export type Sampler = (ask: Ask) => number[][];
