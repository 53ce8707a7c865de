import { callCommand } from '../../shared/nats/command-client.js';
import { trialStates } from '../../shared/trial-state.js';
import { withCoordinator } from '../connection.js';
import type { Verb } from './verb.js';

/** `sigmasweep status [SWEEP]`: all sweeps, or the trials of one. */
export const status: Verb = {
  register(program, terminal) {
    program
      .command('status')
      .description('list the sweeps, or the trials of one')
      .argument('[sweep]', 'id of the sweep, or `latest`')
      .action(async (sweep: string | undefined) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          if (sweep === undefined) {
            const { sweeps } = await callCommand(connection, 'list', {});
            if (sweeps.length === 0) terminal.note('No sweep yet: launch one with `sigmasweep run SPEC`.');
            for (const one of sweeps) {
              const counts = trialStates
                .filter((state) => one.counts[state] > 0)
                .map((state) => `${String(one.counts[state])} ${state}`);
              terminal.print(
                `${one.sweepId}  ${one.state.padEnd(9)}  ${counts.join(', ')}  ${JSON.stringify(one.name)}`,
              );
            }
            return;
          }
          const shown = await callCommand(connection, 'show', { sweepId: await resolveSweep(sweep) });
          terminal.print(`${JSON.stringify(shown.sweep.name)} is ${shown.sweep.state}`);
          for (const trial of shown.trials) {
            const step =
              trial.state === 'running' && trial.steps !== null ? ` ${String(trial.step)}/${String(trial.steps)}` : '';
            const why = trial.error ?? trial.stop;
            const error = why == null ? '' : `  ${why}`;
            terminal.print(`${trial.trialId}  ${(trial.state + step).padEnd(18)}  ${trial.label}${error}`);
          }
        });
      });
  },
};
