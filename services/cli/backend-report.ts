import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SigmasweepError } from '../shared/errors.js';
import { packageRoot } from '../shared/version.js';
import type { BackendRequest } from '../shared/trial-config.js';

const backendReport = z.object({
  chosen: z
    .object({ backend: z.string(), device: z.string(), tensorflowVersion: z.string(), reason: z.string() })
    .optional(),
  passedOver: z.array(z.object({ backend: z.string(), why: z.string(), hint: z.string() })),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  install: z.record(z.string(), z.object({ command: z.string(), arguments: z.array(z.string()) })),
});
/** What a worker says of the TensorFlow.js backends of this machine. */
export type BackendReport = z.output<typeof backendReport>;

/** Trying the native libraries can take a minute each. */
const limitMs = 180_000;

/**
 * Asks a worker's own program, in a process of its own, which backend it would train on.
 * @param environment of that process
 * @throws SigmasweepError NOT_BUILT; BACKEND_REPORT_FAILED when it ends without an answer
 */
export async function askForBackends(
  requested: BackendRequest,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<BackendReport> {
  const program = join(packageRoot, 'dist', 'services', 'worker', 'backends', 'main.js');
  if (!existsSync(program)) {
    throw new SigmasweepError('NOT_BUILT', `${program} does not exist.`, { hint: 'Run npm run build.' });
  }
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [program, '--backend', requested], {
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
    return backendReport.parse(JSON.parse(answer));
  } catch (cause) {
    const last = stderr.trim().split('\n').slice(-5).join('\n');
    throw new SigmasweepError('BACKEND_REPORT_FAILED', `The backends could not be tried: ${last}`, {
      hint: 'Please report this as a bug, with the message; --backend wasm works everywhere.',
      cause,
    });
  }
}
