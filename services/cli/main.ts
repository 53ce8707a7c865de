import { Command } from 'commander';
import { readConfig } from '../shared/config.js';
import { softwareVersion } from '../shared/version.js';
import { describeError } from './describe-error.js';
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

try {
  await main();
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = exitCodeOfError;
}
