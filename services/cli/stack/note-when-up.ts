import type { Terminal } from '../verbs/verb.js';

/**
 * Starts a part of the stack and tells the person when it is up, with the time it took. One that ran already is not
 * worth a line.
 */
export async function noteWhenUp<Part extends { readonly adopted: boolean }>(
  terminal: Terminal,
  name: string,
  start: () => Promise<Part>,
): Promise<Part> {
  terminal.status(`starting ${name} …`);
  const begun = performance.now();
  const part = await start();
  if (!part.adopted) terminal.note(`${name} is up (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  return part;
}
