import type { TrialSummary } from '../../shared/messages/commands.js';
import { callCommand } from '../../shared/nats/command-client.js';
import { trialStates } from '../../shared/trial-state.js';
import { withCoordinator } from '../connection.js';
import type { Verb } from './verb.js';

/** So many fit into an answer, whatever they are called. */
const trialsOfAnswer = 2000;

function lineOf({ trialId, state, step, steps, label, error, stop }: TrialSummary): string {
  const at = state === 'running' && steps !== null ? ` ${String(step)}/${String(steps)}` : '';
  const why = error ?? stop;
  return `${trialId}  ${(state + at).padEnd(18)}  ${label}${why == null ? '' : `  ${why}`}`;
}

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
          const sweepId = await resolveSweep(sweep);
          for (let from = 0, more = true; more; from += trialsOfAnswer) {
            const shown = await callCommand(connection, 'show', { sweepId, from, limit: trialsOfAnswer });
            if (from === 0) terminal.print(`${JSON.stringify(shown.sweep.name)} is ${shown.sweep.state}`);
            for (const trial of shown.trials) terminal.print(lineOf(trial));
            more = shown.trials.length === trialsOfAnswer;
          }
        });
      });
  },
};
