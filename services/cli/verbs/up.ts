import { startStack } from '../stack/stack.js';
import { addStackOptions, type StackOptions } from './stack-options.js';
import type { Verb } from './verb.js';

/** `sigmasweep up`: starts what is missing on this machine and returns; `down` stops it. */
export const up: Verb = {
  register(program, terminal) {
    addStackOptions(
      program.command('up').description('start PostgreSQL, NATS, coordinator, workers and dashboard in the background'),
    ).action(async (options: StackOptions) => {
      const stack = await startStack(terminal, options);
      terminal.print(`Dashboard  ${stack.dashboardUrl ?? 'not started'}`);
      terminal.note('`sigmasweep down` stops it.');
    });
  },
};
