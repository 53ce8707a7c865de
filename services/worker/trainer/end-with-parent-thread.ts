/** Runs in a thread of the trainer; see end-with-parent.ts. */
const parent = process.ppid;

// The system gives an orphan another parent.
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 1000);
