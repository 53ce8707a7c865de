import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SigmasweepError } from '../shared/errors.js';
import { packageRoot } from '../shared/version.js';
import type { BackendRequest } from '../shared/trial-config.js';

const backendReport = z.object({
  chosen: z
    .object({
      backend: z.string(),
      device: z.string(),
      driver: z.string().optional(),
      memoryBytes: z.number().optional(),
      threads: z.number().optional(),
      tensorflowVersion: z.string(),
      reason: z.string(),
    })
    .optional(),
  passedOver: z.array(z.object({ backend: z.string(), why: z.string(), hint: z.string() })),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  install: z.record(z.string(), z.object({ command: z.string(), arguments: z.array(z.string()) })),
});
/** What a worker says of the TensorFlow.js backends of this machine. */
export type BackendReport = z.output<typeof backendReport>;

/** The device of a usable backend in one line, for example "NVIDIA H100, NVIDIA 550.54, 80.0 GiB, TensorFlow 2.9.1". */
export function describeDevice(chosen: NonNullable<BackendReport['chosen']>): string {
  const { device, driver, memoryBytes, threads, tensorflowVersion } = chosen;
  const memory = memoryBytes === undefined ? undefined : `${(memoryBytes / 1024 ** 3).toFixed(1)} GiB`;
  const threadsAtrial = threads === undefined ? undefined : `${threads} thread${threads === 1 ? '' : 's'} a trial`;
  return [device, driver, memory, threadsAtrial, tensorflowVersion].filter((part) => part !== undefined).join(', ');
}

const linkReport = z.object({
  links: z.array(z.object({ backend: z.string(), tensorflow: z.string(), version: z.string() })),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
});
/** What a worker says of the TensorFlows that native packages are linked to. */
export type LinkReport = z.output<typeof linkReport>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Trying the native libraries can take a minute each, compiling against one some more. */
const limitMs = 600_000;

/**
 * Asks a worker's own program, in a process of its own, which backend it would train on.
 * @param environment of that process
 * @throws SigmasweepError NOT_BUILT; BACKEND_REPORT_FAILED when it ends without an answer
 */
export function askForBackends(requested: BackendRequest, environment: Environment): Promise<BackendReport> {
  return ask(['main.js'], ['--backend', requested], environment, backendReport);
}

/**
 * Links native packages to installed TensorFlows, takes such links away, or lists them.
 * @param args see services/worker/backends/linking/main.ts
 * @throws like `askForBackends`; and the error of the link itself
 */
export async function askForLinks(args: readonly string[], environment: Environment): Promise<LinkReport['links']> {
  const { links, error } = await ask(['linking', 'main.js'], args, environment, linkReport);
  if (error === undefined) return links;
  throw new SigmasweepError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}

async function ask<Report>(
  path: readonly string[],
  args: readonly string[],
  environment: Environment,
  report: z.ZodType<Report>,
): Promise<Report> {
  const program = join(packageRoot, 'dist', 'services', 'worker', 'backends', ...path);
  if (!existsSync(program)) {
    throw new SigmasweepError('NOT_BUILT', `${program} does not exist.`, { hint: 'Run npm run build.' });
  }
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: environment,
      timeout: limitMs,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => resolve({ stdout, stderr }));
  });
  // Libraries write to standard output as well; the answer is the last line.
  const answer = stdout.trim().split('\n').at(-1) ?? '';
  try {
    return report.parse(JSON.parse(answer));
  } catch (cause) {
    const last = stderr.trim().split('\n').slice(-5).join('\n');
    throw new SigmasweepError('BACKEND_REPORT_FAILED', `The backends could not be tried: ${last}`, {
      hint: 'Please report this as a bug, with the message; --backend wasm works everywhere.',
      cause,
    });
  }
}
