import { compareSweep } from '../../shared/compare/comparison.js';
import { renderTerminal } from '../../shared/compare/render-terminal.js';
import { callCommand, signCommands } from '../../shared/nats/command-client.js';
import { connectNats, type Connection } from '../../shared/nats/connect.js';
import { newId } from '../../shared/ids.js';
import { countTrials } from '../../shared/sweep-spec/count.js';
import type { SweepSpec } from '../../shared/sweep-spec/parse.js';
import { submission } from '../../shared/sweep-spec/submission.js';
import { commandLineActor } from '../actor.js';
import { exitCodeOfInterruption, interruption } from '../interruption.js';
import { outcomeOf } from '../progress/outcome.js';
import { watchSweep } from '../progress/watch-sweep.js';
import { meaningOf } from '../own-workloads.js';
import { readSpecFile, type WrittenSpec } from '../read-spec.js';
import { startStack, type Stack } from '../stack/stack.js';
import { addStackOptions, type StackOptions } from './stack-options.js';
import type { Terminal, Verb } from './verb.js';

interface RunOptions extends StackOptions {
  readonly quick?: true;
  readonly new?: true;
  readonly exit?: true;
}

/** `sigmasweep run SPEC`: everything in one command. Exit code 1 when a trial has no result, 130 when interrupted. */
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
      const written = readSpecFile(path, options.quick === true);
      if (written.spec !== undefined) noteSize(written.spec, terminal);
      const { signal } = interruption(terminal, 'Stopping; the same command goes on from here.');
      const stack = await startStack(terminal, options, 'while-running', signal);
      if (!stack.startedHere) terminal.note('Using the stack that runs already.');
      try {
        const connection = await connectNats(stack.natsUrl, 'sigmasweep run', terminal.config);
        signCommands(connection, commandLineActor);
        try {
          process.exitCode = await unlessBroken(stack, (broken) =>
            trainAndShow(connection, written, options, stack.dashboardUrl, terminal, AbortSignal.any([signal, broken])),
          );
        } finally {
          await connection.close();
        }
        if (options.exit !== true && !signal.aborted) {
          terminal.note(`The dashboard stays up at ${stack.dashboardUrl ?? '(not started)'}; Ctrl-C stops it.`);
          await unlessBroken(stack, (broken) => stayUntil(AbortSignal.any([signal, broken])));
        }
      } finally {
        await stack.stop();
      }
    });
  },
};

function noteSize(spec: SweepSpec, terminal: Terminal): void {
  const { settings } = countTrials(spec);
  terminal.note(`${spec.name}: at most ${String(settings)} settings × ${String(spec.seeds.length)} seeds`);
}

/** Resolves when the signal is aborted. The timer keeps the process: signals and other processes alone do not. */
async function stayUntil(signal: AbortSignal): Promise<void> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  } finally {
    clearInterval(timer);
  }
}

/**
 * Works while the stack can be kept running.
 * @param work given a signal that is aborted when the stack cannot
 * @throws SigmasweepError of the stack
 */
async function unlessBroken<Result>(stack: Stack, work: (broken: AbortSignal) => Promise<Result>): Promise<Result> {
  const broken = new AbortController();
  const breaking = stack.broken.then((reason) => {
    broken.abort();
    throw reason;
  });
  try {
    return await Promise.race([work(broken.signal), breaking]);
  } finally {
    breaking.catch(() => undefined);
  }
}

/** @returns the exit code */
async function trainAndShow(
  connection: Connection,
  written: WrittenSpec,
  options: RunOptions,
  dashboardUrl: string | undefined,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (signal.aborted) return exitCodeOfInterruption;
  // A worker that has just been started tells of its workloads within seconds.
  const spec = await meaningOf(connection, written, 10_000);
  if (written.spec === undefined) noteSize(spec, terminal);
  const reply = await callCommand(
    connection,
    'submit',
    submission(spec, options.new === true ? newId('sweep') : undefined),
  );
  for (const note of reply.notes) terminal.note(note);
  if (!reply.created) terminal.note('This spec was run before: going on with the same sweep (--new trains it again).');
  terminal.note(`${String(reply.trials)} trials · ${dashboardUrl ?? ''}/sweeps/${reply.sweepId}`);
  const end = await watchSweep(connection, reply.sweepId, terminal, signal);
  if (end === undefined) return exitCodeOfInterruption;

  const comparison = compareSweep(await callCommand(connection, 'results', { sweepId: reply.sweepId }));
  terminal.print('');
  terminal.print(renderTerminal(comparison, { colour: terminal.colour }).trimEnd());
  terminal.print('');
  if (dashboardUrl !== undefined) terminal.print(`Dashboard  ${dashboardUrl}/sweeps/${reply.sweepId}`);
  const { lines, exitCode } = outcomeOf(end);
  for (const line of lines) terminal.note(line);
  return exitCode;
}
