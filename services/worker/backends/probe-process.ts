import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { libraryEnvironment } from '../../shared/config.js';
import { packageRoot } from '../../shared/version.js';
import { BackendUnusable } from './candidate.js';

const run = promisify(execFile);
const timeoutMs = 60_000;

/** What probe.ts can try. */
export type ProbeTarget = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu' | 'webgpu' | 'webgpu-software';

/**
 * Tries a backend in a process of its own: a library or a driver that aborts takes only that process with it.
 * @param library path of a native package's library
 * @param settings environment variables of that process beside this one's
 * @returns the last line it wrote, one JSON value
 * @throws BackendUnusable when this project is not built; Error with the last line of a probe that failed, or how it ended
 */
export async function probeInOwnProcess(
  target: ProbeTarget,
  library?: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const program = join(packageRoot, 'dist', 'services', 'worker', 'backends', 'probe.js');
  if (!existsSync(program)) throw new BackendUnusable('sigmasweep is not built', 'Run `npm run build`.');
  try {
    const { stdout } = await run(process.execPath, [program, target, ...(library === undefined ? [] : [library])], {
      timeout: timeoutMs,
      env: { ...libraryEnvironment, ...settings },
    });
    return stdout.trim().split('\n').at(-1) ?? '';
  } catch (error) {
    throw describeFailedProbe(error);
  }
}

/** The last line that the probe wrote, or how it ended. */
function describeFailedProbe(error: unknown): Error {
  const failure = error as { stderr?: string; signal?: string | null; killed?: boolean };
  if (failure.killed === true) return new Error(`no answer within ${timeoutMs / 1000} s`);
  if (typeof failure.signal === 'string') return new Error(`it ended its process with ${failure.signal}`);
  const line = failure.stderr?.trim().split('\n').at(-1);
  return line === undefined || line === '' ? (error as Error) : new Error(line);
}
