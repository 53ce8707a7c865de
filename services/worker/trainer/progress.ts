import * as tf from '@tensorflow/tfjs-core';
import type { MetricPoint } from '../../shared/messages/reports.js';

/**
 * How far a trial is, beside the state of its parts: enough to go on after any step, and in any evaluation.
 * Losses stay on the device until somebody wants them.
 */
export class Progress {
  /** The epoch that is being trained; 0 before the first evaluation, one more than there are when only testing is left. */
  epoch = 0;
  /** Whether network and weighting have been told that this epoch is over: what is left of it is to evaluate and to report. */
  closed = false;
  /** Time spent on training steps, seconds. */
  trainSeconds = 0;
  /** Everything that was reported of epochs before this one. */
  readonly points: MetricPoint[] = [];

  private rows: number[][] = [];
  private pending: tf.Tensor1D[] = [];
  private lapBegan: number | undefined;

  /** Steps of this epoch that are done. */
  get stepsDone(): number {
    return this.rows.length + this.pending.length;
  }

  /** @param losses of a step that is done, [tasks]; belongs to the progress from now on */
  add(losses: tf.Tensor1D): void {
    this.pending.push(losses);
  }

  /** The losses of this epoch's steps so far, by step and task, read from the device once. */
  async losses(): Promise<readonly (readonly number[])[]> {
    if (this.pending.length > 0) {
      const stacked = tf.stack(this.pending) as tf.Tensor2D;
      tf.dispose(this.pending);
      this.pending = [];
      try {
        this.rows.push(...(await stacked.array()));
      } finally {
        stacked.dispose();
      }
    }
    // Only a reading tells when a device is done.
    this.lap();
    return this.rows;
  }

  /** The time of training begins to count. */
  startClock(): void {
    this.lapBegan = performance.now();
  }

  stopClock(): void {
    this.lap();
    this.lapBegan = undefined;
  }

  /** @param points of the epoch that ends */
  nextEpoch(points: readonly MetricPoint[]): void {
    this.points.push(...points);
    this.rows = [];
    this.closed = false;
    this.epoch += 1;
  }

  /** Puts a progress back that was read by its public fields and `losses`. */
  restore(saved: Pick<Progress, 'epoch' | 'closed' | 'trainSeconds' | 'points'>, rows: number[][]): void {
    this.epoch = saved.epoch;
    this.closed = saved.closed;
    this.trainSeconds = saved.trainSeconds;
    this.points.splice(0, this.points.length, ...saved.points);
    this.rows = rows;
  }

  dispose(): void {
    tf.dispose(this.pending);
    this.pending = [];
  }

  private lap(): void {
    if (this.lapBegan === undefined) return;
    const now = performance.now();
    this.trainSeconds += (now - this.lapBegan) / 1000;
    this.lapBegan = now;
  }
}
