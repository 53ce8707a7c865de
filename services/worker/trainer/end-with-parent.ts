import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone, also while a native computation keeps it from noticing the closed channel:
 * a thread of its own looks once a second.
 */
export function endWithParent(): void {
  new Worker(new URL('./end-with-parent-thread.js', import.meta.url), { workerData: process.ppid }).unref();
}
