import { compareSweep } from '../../shared/compare/comparison.js';
import { renderTerminal } from '../../shared/compare/render-terminal.js';
import { callCommand } from '../../shared/nats/command-client.js';
import { connectNats, type Connection } from '../../shared/nats/connect.js';
import { countTrials } from '../../shared/sweep-spec/count.js';
import type { SweepSpec } from '../../shared/sweep-spec/parse.js';
import { watchSweep } from '../progress/watch-sweep.js';
import { readSpecFile } from '../read-spec.js';
import { startStack } from '../stack/stack.js';
import { submission } from '../submission.js';
import { addStackOptions, type StackOptions } from './stack-options.js';
import type { Terminal, Verb } from './verb.js';

interface RunOptions extends StackOptions {
  readonly quick?: true;
  readonly new?: true;
  readonly exit?: true;
}

/** Aborts at the first Ctrl-C or SIGTERM, so that what runs can stop in order; the second one ends the process. */
function interruption(terminal: Terminal): AbortController {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    terminal.note('Stopping; the same command goes on from here.');
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller;
}

/** `sigmasweep run SPEC`: everything in one command. Exit code 1 when a trial failed, 130 when interrupted. */
export const run: Verb = {
  register(program, terminal) {
    addStackOptions(
      program
        .command('run')
        .description('start what is missing on this machine, train a sweep, print its table, keep the dashboard up')
        .argument('<spec>', 'YAML or JSON file')
        .option('--quick', 'use the spec’s quick size')
        .option('--new', 'train again even if the same spec was run before')
        .option('--exit', 'end when the table is printed instead of keeping the dashboard up'),
    ).action(async (path: string, options: RunOptions) => {
      const spec = readSpecFile(path, options.quick === true);
      const count = countTrials(spec);
      terminal.note(`${spec.name}: at most ${String(count.settings)} settings × ${String(spec.seeds.length)} seeds`);
      const interrupted = interruption(terminal);
      const stack = await startStack(terminal, options);
      try {
        const connection = await connectNats(stack.natsUrl, 'sigmasweep run');
        try {
          process.exitCode = await trainAndShow(
            connection,
            spec,
            options,
            stack.dashboardUrl,
            terminal,
            interrupted.signal,
          );
        } finally {
          await connection.close();
        }
        if (options.exit !== true && !interrupted.signal.aborted) {
          terminal.note(`The dashboard stays up at ${stack.dashboardUrl ?? '(not started)'}; Ctrl-C stops it.`);
          await new Promise((resolve) => interrupted.signal.addEventListener('abort', resolve, { once: true }));
        }
      } finally {
        if (stack.startedHere) await stack.stop();
      }
    });
  },
};

/** @returns the exit code */
async function trainAndShow(
  connection: Connection,
  spec: SweepSpec,
  options: RunOptions,
  dashboardUrl: string | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const reply = await callCommand(connection, 'submit', submission(spec, options.new === true));
  for (const note of reply.notes) terminal.note(note);
  if (!reply.created) terminal.note('This spec was run before: going on with the same sweep (--new trains it again).');
  terminal.note(`${String(reply.trials)} trials · ${dashboardUrl ?? ''}/sweeps/${reply.sweepId}`);
  const end = await watchSweep(connection, reply.sweepId, terminal, signal);
  if (end === undefined) return 130;

  const comparison = compareSweep(await callCommand(connection, 'results', { sweepId: reply.sweepId }));
  terminal.print('');
  terminal.print(renderTerminal(comparison, { colour: process.stdout.isTTY }).trimEnd());
  terminal.print('');
  if (dashboardUrl !== undefined) terminal.print(`Dashboard  ${dashboardUrl}/sweeps/${reply.sweepId}`);
  for (const trial of end.trials) {
    if (trial.state === 'failed') terminal.note(`failed: ${trial.label}: ${trial.error ?? ''}`);
  }
  return end.sweep.counts.failed > 0 ? 1 : 0;
}
