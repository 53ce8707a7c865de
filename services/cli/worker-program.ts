import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SigmasweepError } from '../shared/errors.js';
import { packageRoot } from '../shared/version.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs one of a worker's own programs to its end: the command line itself loads neither data nor TensorFlow.js.
 * @param path of its compiled file, under the worker's folder
 * @param limitMs it is ended after so long; without one it may take any time
 * @returns the last line of what it printed, as libraries print too, and the last lines of its errors
 * @throws SigmasweepError NOT_BUILT
 */
export async function runWorkerProgram(
  path: readonly string[],
  args: readonly string[],
  environment: Environment,
  limitMs?: number,
): Promise<{ readonly answer: string; readonly stderr: string }> {
  const program = join(packageRoot, 'dist', 'services', 'worker', ...path);
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
  const lastLines = stderr.trim().split('\n').slice(-5).join('\n');
  return { answer: stdout.trim().split('\n').at(-1) ?? '', stderr: lastLines };
}
