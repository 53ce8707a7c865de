import { execFile } from 'node:child_process';

interface RunOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a program to its end.
 * @throws Error with what it complained about, or with the reason for which it could not be run
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        timeout: options.timeoutMs,
        maxBuffer: 16 * 1024 * 1024,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.env === undefined ? {} : { env: options.env }),
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve({ stdout, stderr });
          return;
        }
        reject(new Error(`${program}: ${whyItFailed(error, stderr, options.timeoutMs)}`, { cause: error }));
      },
    );
  });
}

function whyItFailed(error: Error & { code?: unknown; killed?: boolean }, stderr: string, timeoutMs: number): string {
  if (error.code === 'ENOENT') return 'is not on this system';
  if (error.killed === true) return `did not end within ${timeoutMs / 1000} s`;
  return complaint(stderr) ?? error.message;
}

/** The line of a program's standard error that tells most: the first error or warning, else the last line. */
export function complaint(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.find((line) => /^(E:|error\b|fatal\b)/i.test(line)) ?? lines.find((line) => /^W:/.test(line)) ?? lines.at(-1)
  );
}
