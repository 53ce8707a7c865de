import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../services/shared/version.js';
import type { BenchRecord } from './record.js';

/** The README's first command without the install, with an empty state folder, as a person would run it. */
export async function run(): Promise<readonly BenchRecord[]> {
  const state = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-'));
  try {
    const started = performance.now();
    await quickSweep(state);
    return [
      {
        name: 'example (a) at its quick size, from an empty state folder to the table',
        value: (performance.now() - started) / 1000,
        unit: 's',
        comparedWith: 'goal: 360 s on 2 cores, 180 s on 4',
      },
    ];
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function quickSweep(state: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(packageRoot, 'bin', 'sigmasweep.js'), 'run', 'examples/class-depth.yaml', '--quick', '--exit'],
    { cwd: packageRoot, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, SIGMASWEEP_STATE: state } },
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`sigmasweep run ended with code ${String(code)}`));
    });
  });
}
