/** Runs in a thread of the trainer; see end-with-parent.ts. */
import { workerData } from 'node:worker_threads';

const parent: unknown = workerData;

// The system gives an orphan another parent.
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 1000);
