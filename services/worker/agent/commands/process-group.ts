/** Where a program gets a group of its own, what it starts ends with it. Windows has no such groups. */
export const hasGroups = process.platform !== 'win32';

/** Signals a program and what it started; one that is gone is passed over. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(hasGroups ? -pid : pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
