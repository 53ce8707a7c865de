import { callCommand } from '../../shared/nats/command-client.js';
import { withCoordinator } from '../connection.js';
import { commandTarget } from './cancel.js';
import type { Verb } from './verb.js';

/** `sigmasweep pause SWEEP|TRIAL`: starts nothing of it until it is resumed. */
export const pause: Verb = {
  register(program, terminal) {
    program
      .command('pause')
      .description('start nothing more of a sweep or a trial until it is resumed')
      .argument('<id>', 'id of a sweep or a trial, or `latest`')
      .option('--now', 'hand running trials back too, each with a checkpoint to go on from', false)
      .action(async (given: string, { now }: { now: boolean }) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const target = await commandTarget(given, resolveSweep);
          const { held, handedBack } = await callCommand(connection, 'pause', { ...target, now });
          const back = handedBack === 0 ? '' : `; ${String(handedBack)} running ones are handed back`;
          terminal.print(`paused: ${String(held)} trials wait${back}`);
        });
      });
  },
};
