import { interruption } from '../interruption.js';
import { startStack } from '../stack/stack.js';
import { addStackOptions, type StackOptions } from './stack-options.js';
import type { Verb } from './verb.js';

/** `sigmasweep up`: starts what is missing on this machine and returns; `down` stops it. */
export const up: Verb = {
  register(program, terminal) {
    addStackOptions(
      program
        .command('up')
        .description(
          'start what is missing of PostgreSQL, NATS, coordinator, workers and dashboard in the background; ' +
            'run it again to start what has ended since',
        ),
    ).action(async (options: StackOptions) => {
      const { signal } = interruption(terminal, 'Stopping what was started.');
      const stack = await startStack(terminal, options, 'keep', signal);
      if (!stack.startedHere) terminal.note('Everything runs already.');
      terminal.print(`Dashboard  ${stack.dashboardUrl ?? 'not started'}`);
      terminal.note('`sigmasweep down` stops it.');
    });
  },
};
