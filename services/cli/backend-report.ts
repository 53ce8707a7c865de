import { z } from 'zod';
import { SigmasweepError } from '../shared/errors.js';
import type { BackendRequest } from '../shared/trial-config.js';
import { runWorkerProgram, type Environment } from './worker-program.js';

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
  const { answer, stderr } = await runWorkerProgram(['backends', ...path], args, environment, limitMs);
  try {
    return report.parse(JSON.parse(answer));
  } catch (cause) {
    throw new SigmasweepError('BACKEND_REPORT_FAILED', `The backends could not be tried: ${stderr}`, {
      hint: 'Please report this as a bug, with the message; --backend wasm works everywhere.',
      cause,
    });
  }
}
