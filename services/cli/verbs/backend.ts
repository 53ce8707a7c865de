import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { SigmasweepError } from '../../shared/errors.js';
import type { BackendRequest } from '../../shared/trial-config.js';
import { packageRoot } from '../../shared/version.js';
import { askForBackends } from '../backend-report.js';
import type { Terminal, Verb } from './verb.js';

/** The native backends by the word for them. */
const kinds = { cpu: 'tfjs-node', gpu: 'tfjs-node-gpu' } as const satisfies Readonly<Record<string, BackendRequest>>;
type Kind = keyof typeof kinds;

function parseKind(text: string): Kind {
  if (Object.hasOwn(kinds, text)) return text as Kind;
  throw new InvalidArgumentError('expected cpu or gpu.');
}

/** The kernel's file of an NVIDIA driver that is loaded. */
const nvidiaDriver = '/proc/driver/nvidia/version';

/** `sigmasweep backend list|install`: which TensorFlow.js backends compute here, and fetching the native ones. */
export const backend: Verb = {
  register(program, terminal) {
    const command = program.command('backend').description('list TensorFlow.js backends, or install a native one');
    command
      .command('list')
      .description('which backends compute on this machine, best first')
      .action(() => list(terminal));
    command
      .command('install')
      .description('download the native TensorFlow for tfjs-node (cpu) or tfjs-node-gpu (gpu): hundreds of megabytes')
      .argument('[kind]', 'cpu or gpu; gpu where an NVIDIA driver is loaded, otherwise cpu', parseKind)
      .action((kind: Kind | undefined) => install(terminal, kind ?? (existsSync(nvidiaDriver) ? 'gpu' : 'cpu')));
  },
};

async function list(terminal: Terminal): Promise<void> {
  terminal.status('trying the backends …');
  const { chosen, passedOver, error } = await askForBackends('auto', terminal.environment);
  for (const { backend, why, hint } of passedOver) {
    terminal.print(`✗ ${backend.padEnd(13)}  ${why}`);
    terminal.print(`  ${''.padEnd(13)}  → ${hint}`);
  }
  if (chosen === undefined) {
    throw new SigmasweepError(error?.code ?? 'BACKEND_UNUSABLE', error?.message ?? 'No backend computes here.', {
      hint: error?.hint ?? 'Please report this as a bug.',
    });
  }
  terminal.print(`✓ ${chosen.backend.padEnd(13)}  ${chosen.device}, ${chosen.tensorflowVersion}`);
}

/** The package's own install script does the work; whether it worked is seen by computing. */
async function install(terminal: Terminal, kind: Kind): Promise<void> {
  const name = kinds[kind];
  const { install } = await askForBackends('wasm', terminal.environment);
  const command = install[name];
  if (command === undefined) {
    throw new SigmasweepError('BACKEND_NOT_INSTALLABLE', `${name} has no library to install.`, {
      hint: 'Use it as it is: `--backend` names it.',
    });
  }
  terminal.note(`${[command.command, ...command.arguments].join(' ')}  (in ${packageRoot})`);
  const ended = await runVisibly(command.command, command.arguments);
  const { chosen, error } = await askForBackends(name, terminal.environment);
  if (chosen === undefined) {
    const failed = ended === 0 ? '' : ` npm ended with ${String(ended)}.`;
    throw new SigmasweepError('BACKEND_INSTALL_FAILED', `${name} cannot be used.${failed} ${error?.message ?? ''}`, {
      hint:
        'Its library comes from storage.googleapis.com: behind a closed network it cannot be fetched. ' +
        'Without it `--backend wasm` trains everywhere.',
    });
  }
  terminal.print(
    `${name} works: ${chosen.device}, ${chosen.tensorflowVersion}. Workers that run take it at their next start.`,
  );
}

/** Runs a program in the project's folder with this terminal. @returns its exit code or signal */
function runVisibly(program: string, args: readonly string[]): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: packageRoot, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (cause) => {
      reject(
        new SigmasweepError('NPM_NOT_FOUND', `${program} cannot be run: ${cause.message}`, { hint: 'Install npm.' }),
      );
    });
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
}
