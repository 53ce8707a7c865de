import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../services/shared/version.js';
import { until } from '../helpers/deadline.js';
import { everything } from '../helpers/tiers.js';

/**
 * The package as `npm pack` makes it, in a folder of somebody who has nothing else of this repository, with a workload
 * written from the documentation alone. What npm would fetch beside it lies in this repository and is linked.
 */
const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-packed-'));
const installed = join(folder, 'node_modules', 'sigmasweep');
const environment = {
  ...process.env,
  DATABASE_URL: '',
  NATS_URL: '',
  SIGMASWEEP_PORT: '0',
  SIGMASWEEP_BACKEND: 'wasm',
  SIGMASWEEP_DATA: 'data',
  SIGMASWEEP_WORKLOADS: './wine.ts',
};
const program = [join(installed, 'bin', 'sigmasweep.js')];

beforeAll(() => {
  chmodSync(folder, 0o755);
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: packageRoot,
    encoding: 'utf8',
  });
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', installed, '--strip-components', '1']);
  for (const name of readdirSync(join(packageRoot, 'node_modules'))) {
    const link = join(folder, 'node_modules', name);
    if (!name.startsWith('.') && !existsSync(link)) symlinkSync(join(packageRoot, 'node_modules', name), link);
  }
  // The first example of the documentation.
  const page = readFileSync(join(installed, 'docs', 'own-workload.md'), 'utf8');
  const block = (kind: string): string => new RegExp(`\`\`\`${kind}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'wine.ts'), block('ts'));
  writeFileSync(join(folder, 'sweep.yaml'), block('yaml'));
  mkdirSync(join(folder, 'data', 'wine'), { recursive: true });
  const rows = Array.from({ length: 60 }, (_, index) => {
    const [acid, sugar] = [(index % 7) / 7, (index % 11) / 11];
    return [acid, sugar, 1 - acid, 3 + 4 * sugar - acid, index % 2 === 0 ? 'red' : 'white'].join();
  });
  writeFileSync(join(folder, 'data', 'wine', 'wine.csv'), ['acid,sugar,alcohol,quality,colour', ...rows].join('\n'));
});
afterAll(() => {
  spawnSyncQuietly(['down']);
  rmSync(folder, { recursive: true, force: true });
});

function spawnSyncQuietly(args: readonly string[]): void {
  try {
    execFileSync(process.execPath, [...program, ...args], { cwd: folder, env: environment, stdio: 'ignore' });
  } catch {
    // Nothing was running.
  }
}

describe('the packed package', () => {
  it.runIf(everything)('compiles the documentation’s example against the types that it brings', () => {
    const args = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
      'wine.ts',
    ];
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const run = (): string => execFileSync(process.execPath, [tsc, ...args], { cwd: folder, encoding: 'utf8' });
    expect(run()).toBe('');
    const right = readFileSync(join(folder, 'wine.ts'), 'utf8');
    writeFileSync(join(folder, 'wrong.ts'), right.replace("kind: 'regression'", "kind: 'regresion'"));
    args[args.length - 1] = 'wrong.ts';
    expect(run).toThrow();
  });

  it('trains a sweep of it and shows it in the dashboard', async () => {
    const child = spawn(process.execPath, [...program, 'run', 'sweep.yaml'], { cwd: folder, env: environment });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    await until(() => stderr.includes('The dashboard stays up') || child.exitCode !== null, {
      deadlineMs: 150_000,
      what: 'the sweep to be trained',
    });
    expect(child.exitCode, stderr).toBeNull();
    expect(stdout).toContain('Within half a point');
    const page = await (await fetch(/Dashboard {2}(\S+)/.exec(stdout)?.[1] ?? '')).text();
    expect(page).toContain('Within half a point');
    expect(page).toContain('Colour');
    child.kill('SIGINT');
    await ended;
  });
});
