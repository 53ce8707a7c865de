import type { Terminal } from './verbs/verb.js';

/** Exit code of a command that was ended by Ctrl-C. */
export const exitCodeOfInterruption = 130;

/**
 * Aborts at the first Ctrl-C or SIGTERM, so that what runs can stop in order; the second one ends this process at once and
 * leaves the rest running.
 * @param message what the person is told at the first one
 */
export function interruption(terminal: Terminal, message: string): AbortController {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) {
      terminal.note('Left as it is; `sigmasweep down` stops what still runs.');
      process.exit(exitCodeOfInterruption);
    }
    terminal.note(message);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller;
}
