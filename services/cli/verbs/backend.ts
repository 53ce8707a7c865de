import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { SigmasweepError } from '../../shared/errors.js';
import type { BackendRequest } from '../../shared/trial-config.js';
import { packageRoot } from '../../shared/version.js';
import { askForBackends, askForLinks, describeDevice } from '../backend-report.js';
import type { Terminal, Verb } from './verb.js';

/** The native backends by the word for them. */
const kinds = { cpu: 'tfjs-node', gpu: 'tfjs-node-gpu' } as const satisfies Readonly<Record<string, BackendRequest>>;
type Kind = keyof typeof kinds;
type NativeBackend = (typeof kinds)[Kind];

function parseKind(text: string): Kind {
  if (Object.hasOwn(kinds, text)) return text as Kind;
  throw new InvalidArgumentError('expected cpu or gpu.');
}

/** The kernel's file of an NVIDIA driver that is loaded. */
const nvidiaDriver = '/proc/driver/nvidia/version';

const packageOption = (): Option => new Option('--package <name>', 'native backend').choices(Object.values(kinds));

/** `sigmasweep backend list|install|link|unlink`: which TensorFlow.js backends compute here, and getting native ones. */
export const backend: Verb = {
  register(program, terminal) {
    const command = program.command('backend').description('list TensorFlow.js backends, install or link a native one');
    command
      .command('list')
      .description('which backends compute on this machine, best first')
      .action(() => list(terminal));
    command
      .command('install')
      .description('download the native TensorFlow for tfjs-node (cpu) or tfjs-node-gpu (gpu): hundreds of megabytes')
      .argument('[kind]', 'cpu or gpu; gpu where an NVIDIA driver is loaded, otherwise cpu', parseKind)
      .action((kind: Kind | undefined) => install(terminal, kind ?? (existsSync(nvidiaDriver) ? 'gpu' : 'cpu')));
    command
      .command('link')
      .description('compile tfjs-node for a TensorFlow that pip installed, for example one for a newer GPU')
      .argument('<path>', 'folder of the Python package tensorflow, a virtual environment that has it, or its python')
      .addOption(packageOption().default(undefined, 'tfjs-node-gpu for a CUDA build where an NVIDIA driver is loaded'))
      .action((path: string, options: { package?: NativeBackend }) => link(terminal, path, options.package));
    command
      .command('unlink')
      .description('take links away; an installed library is used again')
      .addOption(packageOption())
      .action((options: { package?: NativeBackend }) => unlink(terminal, options.package));
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
  terminal.print(`✓ ${chosen.backend.padEnd(13)}  ${describeDevice(chosen)}`);
  for (const { backend, tensorflow, version } of await askForLinks(['list'], terminal.environment)) {
    terminal.print(`${backend} is linked to TensorFlow ${version} in ${tensorflow}`);
  }
}

/** Compiles, tries and keeps; then asks as a worker would, so that what is printed is what workers get. */
async function link(terminal: Terminal, path: string, only: NativeBackend | undefined): Promise<void> {
  terminal.status('compiling …');
  const args = ['link', path, ...(only === undefined ? [] : ['--package', only])];
  for (const { backend, tensorflow } of await askForLinks(args, terminal.environment)) {
    const { chosen, error } = await askForBackends(backend as NativeBackend, terminal.environment);
    if (chosen === undefined) {
      throw new SigmasweepError('LINK_UNUSABLE', error?.message ?? `${backend} cannot be used.`, {
        hint: error?.hint ?? 'Please report this as a bug.',
      });
    }
    terminal.print(`${backend} works: ${describeDevice(chosen)}, linked to ${tensorflow}.`);
    terminal.print('Workers that run take it at their next start.');
  }
}

async function unlink(terminal: Terminal, only: NativeBackend | undefined): Promise<void> {
  const args = ['unlink', ...(only === undefined ? [] : ['--package', only])];
  const links = await askForLinks(args, terminal.environment);
  if (links.length === 0) terminal.print('Nothing was linked.');
  for (const { backend, tensorflow } of links) terminal.print(`${backend} is no longer linked to ${tensorflow}.`);
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
  terminal.print(`${name} works: ${describeDevice(chosen)}. Workers that run take it at their next start.`);
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
