import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../services/shared/version.js';

/** A started `sigmasweep` command; its output can be read while it runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** Standard output and standard error so far. */
  output(): { stdout: string; stderr: string };
  /** Resolves with the exit code when the process has ended. */
  readonly ended: Promise<number | null>;
}

/** A folder of its own for one stack: state, specs and the commands that run there. */
export interface CliSandbox {
  readonly folder: string;
  /** Writes a spec file and returns its path. */
  writeSpec(name: string, spec: unknown): string;
  start(args: readonly string[], environment?: Record<string, string>): RunningCommand;
  /** Runs a command to its end. */
  run(
    args: readonly string[],
    environment?: Record<string, string>,
  ): Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Stops the stack of this folder, ends commands that still run, and removes the folder. */
  remove(): Promise<void>;
}

/** Makes a sandbox in the temporary folder; `remove` it in afterAll. */
export function cliSandbox(environment: Record<string, string> = {}): CliSandbox {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-cli-'));
  // PostgreSQL has another account when root runs the tests; out of its reach, data would be kept outside of the sandbox.
  chmodSync(folder, 0o755);
  const commands: RunningCommand[] = [];

  const start: CliSandbox['start'] = (args, extra = {}) => {
    const child = spawn(process.execPath, [join(packageRoot, 'bin', 'sigmasweep.js'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        DATABASE_URL: '',
        NATS_URL: '',
        SIGMASWEEP_STATE: join(folder, 'state'),
        SIGMASWEEP_PORT: '0',
        ...environment,
        ...extra,
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const command: RunningCommand = {
      child,
      output: () => ({ stdout, stderr }),
      ended: new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', resolve);
      }),
    };
    commands.push(command);
    return command;
  };

  const run: CliSandbox['run'] = async (args, extra) => {
    const command = start(args, extra);
    const code = await command.ended;
    return { code, ...command.output() };
  };

  return {
    folder,
    writeSpec: (name, spec) => {
      const path = join(folder, name);
      writeFileSync(path, typeof spec === 'string' ? spec : JSON.stringify(spec));
      return path;
    },
    start,
    run,
    remove: async () => {
      for (const command of commands) {
        if (command.child.exitCode === null && command.child.signalCode === null) command.child.kill('SIGINT');
      }
      await Promise.all(commands.map((command) => command.ended));
      await run(['down']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A sweep of class + depth that trains in seconds: tiny pictures, few steps. */
export function tinySpec(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'tiny sweep',
    workload: 'street-scenes',
    tasks: ['semantic', 'depth'],
    data: { train: 24, validation: 8, test: 8, height: 16, width: 32 },
    grid: {
      points: [
        { semantic: 1, depth: 0 },
        { semantic: 0.5, depth: 0.5 },
        { semantic: 0, depth: 1 },
      ],
    },
    weightings: [{ method: 'uncertainty' }],
    seeds: [1, 2],
    model: { name: 'hard-sharing', encoder: [8, 8, 8], head: 8 },
    epochs: 2,
    batchSize: 8,
    ...overrides,
  };
}
