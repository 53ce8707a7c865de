import { stopStack } from '../stack/stack.js';
import type { Verb } from './verb.js';

/** `sigmasweep down`: stops everything that runs for this state folder; sweeps go on at the next start. */
export const down: Verb = {
  register(program, terminal) {
    program
      .command('down')
      .description('stop what `up` or `run` started; everything is kept')
      .action(async () => {
        const stopped = await stopStack(terminal);
        terminal.print(stopped ? 'Stopped. Everything is kept.' : 'Nothing was running.');
      });
  },
};
