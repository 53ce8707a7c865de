import { callCommand } from '../../shared/nats/command-client.js';
import { withCoordinator, type ResolveSweep } from '../connection.js';
import type { Verb } from './verb.js';

/** A trial's id starts with `trial-`; everything else names a sweep. */
export async function commandTarget(given: string, resolveSweep: ResolveSweep) {
  return given.startsWith('trial-') ? { trialId: given } : { sweepId: await resolveSweep(given) };
}

/** `sigmasweep cancel SWEEP|TRIAL`: ends what is not finished yet. */
export const cancel: Verb = {
  register(program, terminal) {
    program
      .command('cancel')
      .description('cancel a sweep or a trial; finished trials keep their results')
      .argument('<id>', 'id of a sweep or a trial, or `latest`')
      .action(async (given: string) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const { cancelled } = await callCommand(connection, 'cancel', await commandTarget(given, resolveSweep));
          terminal.print(`${String(cancelled)} trials cancelled`);
        });
      });
  },
};
