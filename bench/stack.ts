import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { packageRoot } from '../services/shared/version.js';

function sigmasweep(folder: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join(packageRoot, 'bin', 'sigmasweep.js'), ...args], {
    cwd: folder,
    env: {
      ...process.env,
      DATABASE_URL: '',
      NATS_URL: '',
      SIGMASWEEP_STATE: join(folder, 'state'),
      SIGMASWEEP_PORT: '0',
    },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`sigmasweep ${args.join(' ')}: ${stderr}`);
}

/** Where the parts of a started stack are. */
export interface Stack {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly dashboardUrl: string;
}

/** Starts a whole stack in a folder of its own, with a worker that has nothing to do, and takes it away afterwards. */
export async function withStack<Value>(work: (stack: Stack) => Promise<Value>): Promise<Value> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-bench-'));
  try {
    sigmasweep(folder, ['up', '--workers', '1', '--slots', '1']);
    return await work(JSON.parse(readFileSync(join(folder, 'state', 'run.json'), 'utf8')) as Stack);
  } finally {
    sigmasweep(folder, ['down']);
    rmSync(folder, { recursive: true, force: true });
  }
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
}
