import { callCommand } from '../../shared/nats/command-client.js';
import { newId } from '../../shared/ids.js';
import { submission } from '../../shared/sweep-spec/submission.js';
import { withCoordinator } from '../connection.js';
import { meaningOf } from '../own-workloads.js';
import { readSpecFile } from '../read-spec.js';
import type { Verb } from './verb.js';

/** `sigmasweep submit SPEC`: hands a sweep to a running coordinator and returns. */
export const submit: Verb = {
  register(program, terminal) {
    program
      .command('submit')
      .description('submit a sweep to a running coordinator')
      .argument('<spec>', 'YAML or JSON file')
      .option('--quick', 'use the spec’s quick size')
      .option('--new', 'train again even if the same spec was submitted before')
      .action(async (path: string, options: { quick?: true; new?: true }) => {
        const written = readSpecFile(path, options.quick === true);
        await withCoordinator(terminal.config, async (connection) => {
          const spec = await meaningOf(connection, written, 0);
          const reply = await callCommand(
            connection,
            'submit',
            submission(spec, options.new === true ? newId('sweep') : undefined),
          );
          for (const note of reply.notes) terminal.note(note);
          if (!reply.created) terminal.note('This spec was submitted before: same sweep (use --new to train again).');
          terminal.print(reply.sweepId);
        });
      });
  },
};
