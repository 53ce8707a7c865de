/** Ends programs whose worker is gone: see guard.ts. Started by the worker agent with an IPC channel. */
import { signalGroup } from './process-group.js';

const watched = new Set<number>();

function workerGone(): never {
  for (const pid of watched) signalGroup(pid, 'SIGKILL');
  process.exit(0);
}

// The end of the worker ends this process, not a signal to the whole group.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('message', (message) => {
  const { pid, watch } = message as { pid: number; watch: boolean };
  if (watch) watched.add(pid);
  else watched.delete(pid);
});
process.on('disconnect', workerGone);
// The worker may have ended before anybody listened.
if (process.connected) process.send?.('ready', () => undefined);
else workerGone();
