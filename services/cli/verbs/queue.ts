import { callCommand } from '../../shared/nats/command-client.js';
import { waitReasonLabels, type QueuedSweep } from '../../shared/schedule/queue.js';
import { withCoordinator } from '../connection.js';
import type { Verb } from './verb.js';

/** Lines for a sweep: what it is given, then what its trials wait for. */
export function queueLines(sweep: QueuedSweep): string[] {
  const { sweepId, name, priority, share, running, maxRunning, waits } = sweep;
  const most = maxRunning === null ? '' : ` of at most ${String(maxRunning)}`;
  const order = `priority ${String(priority)}, share ${String(share)}`;
  return [
    `${sweepId}  ${JSON.stringify(name)}  ${order}, ${String(running)} running${most}`,
    ...waits.map(({ trials, reason, detail }) => {
      const more = detail === null ? '' : ` (${detail})`;
      return `  ${String(trials).padStart(6)} ${waitReasonLabels[reason]}${more}`;
    }),
  ];
}

/** `sigmasweep queue [SWEEP]`: what waits, and for what. */
export const queue: Verb = {
  register(program, terminal) {
    program
      .command('queue')
      .description('what waits, and for what: pauses, limits, budgets, suitable workers, other trials')
      .argument('[sweep]', 'id of a sweep, or `latest`; all that have not ended if left out')
      .action(async (given: string | undefined) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const which = given === undefined ? {} : { sweepId: await resolveSweep(given) };
          const { sweeps } = await callCommand(connection, 'queue', which);
          if (sweeps.length === 0) terminal.note('Nothing waits: every sweep has ended.');
          for (const sweep of sweeps) for (const line of queueLines(sweep)) terminal.print(line);
        });
      });
  },
};
