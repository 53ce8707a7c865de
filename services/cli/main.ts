import { Command } from 'commander';
import { readConfig } from '../shared/config.js';
import { softwareVersion } from '../shared/version.js';
import { SigmasweepError } from '../shared/errors.js';
import { describeError } from './describe-error.js';
import { exitCodeOfInterruption } from './interruption.js';
import { openTerminal } from './terminal.js';
import { verbs } from './verbs/registry.js';

const exitCodeOfError = 1;

async function main(): Promise<void> {
  const terminal = openTerminal(readConfig('cli'), process.env);
  const program = new Command('sigmasweep')
    .description('Sweeps over multi-task loss weights: launch, compare, read.')
    .version(softwareVersion)
    .showHelpAfterError('(sigmasweep --help lists what there is)');
  for (const verb of verbs) verb.register(program, terminal);
  await program.parseAsync();
}

// Whoever reads the output may have had enough of it: `sigmasweep table … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  // Everything has been stopped again; work that was given up may still be waiting for its end.
  if (error instanceof SigmasweepError && error.code === 'INTERRUPTED') process.exit(exitCodeOfInterruption);
  process.exitCode = exitCodeOfError;
}
