import { callCommand } from '../../shared/nats/command-client.js';
import { withCoordinator } from '../connection.js';
import { commandTarget } from './cancel.js';
import type { Verb } from './verb.js';

/** `sigmasweep resume SWEEP|TRIAL`: lets it go on. */
export const resume: Verb = {
  register(program, terminal) {
    program
      .command('resume')
      .description('let a sweep or a trial go on that was paused')
      .argument('<id>', 'id of a sweep or a trial, or `latest`')
      .action(async (given: string) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const target = await commandTarget(given, resolveSweep);
          const { startable } = await callCommand(connection, 'resume', target);
          terminal.print(`resumed: ${String(startable)} trials can be started`);
        });
      });
  },
};
