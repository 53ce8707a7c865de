import { callCommand } from '../../shared/nats/command-client.js';
import { withCoordinator } from '../connection.js';
import { commandTarget } from './cancel.js';
import type { Verb } from './verb.js';

/** `sigmasweep retry SWEEP|TRIAL`: queues failed and cancelled trials again. */
export const retry: Verb = {
  register(program, terminal) {
    program
      .command('retry')
      .description('queue failed and cancelled trials again')
      .argument('<id>', 'id of a sweep or a trial, or `latest`')
      .action(async (given: string) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const { queued } = await callCommand(connection, 'retry', await commandTarget(given, resolveSweep));
          terminal.print(`${String(queued)} trials queued again`);
        });
      });
  },
};
