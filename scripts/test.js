// The one test command: build, static checks, then every test. Ends with "N passed, N failed" from the runner's result.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const filters = process.argv.slice(2);

function tell(what, status, started) {
  process.stdout.write(
    `test: ${what} ${status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(0)} s)\n`,
  );
  return status === 0;
}

function run(what, command, args, env = {}) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  return tell(what, status, started);
}

/** As `run`, beside others: what the command prints comes out in one piece, when it has ended. */
function runBeside(what, args) {
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = [];
    child.stdout.on('data', (chunk) => printed.push(chunk));
    child.stderr.on('data', (chunk) => printed.push(chunk));
    child.on('close', (status) => {
      process.stdout.write(Buffer.concat(printed));
      resolve(tell(what, status, started));
    });
  });
}

function isInstalled(names) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.some((name) => folders.some((folder) => existsSync(join(folder, name))));
}

/** The browser tests need Chromium, which npm does not carry: on Debian, root can have it installed here. */
function ensureChromium() {
  if (process.env.CHROMIUM_PATH || isInstalled(['chromium', 'chromium-browser', 'google-chrome'])) return;
  if (process.getuid?.() === 0 && isInstalled(['apt-get'])) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get update', 'apt-get', ['update', '-qq'], env);
    if (run('install chromium', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], env))
      return;
  }
  process.stderr.write(
    'test: Chromium was not found. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.\n',
  );
  process.exit(1);
}

const node = process.execPath;
// The longest first. Each takes one core, so that two at a time fill the smallest machine.
const checks = [
  ['lint', ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0']],
  ['types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']],
  ['format', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
  [
    'import rules',
    [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      ...['--config', '.dependency-cruiser.cjs', 'services'],
    ],
  ],
  ['types of the browser code', ['node_modules/typescript/bin/tsc', '-p', 'services/dashboard/client/tsconfig.json']],
];

async function failedOf(waiting) {
  let failures = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!(await runBeside(...next))) failures += 1;
  }
  return failures;
}

ensureChromium();
const built = run('build', node, ['scripts/build.js']);
const waiting = built ? [...checks] : [];
const failures = await Promise.all([failedOf(waiting), failedOf(waiting)]);
const failedChecks = failures.reduce((sum, count) => sum + count, built ? 0 : 1);

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-tests-'));
const report = join(folder, 'report.json');
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
];
if (failedChecks === 0) run('tests', node, [...vitest, ...filters]);
const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
rmSync(folder, { recursive: true, force: true });

// A file that cannot be loaded has no failed test of its own: count it, so that it can't pass unseen.
const brokenFiles = (result?.testResults ?? []).filter(
  (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
).length;
const passed = result?.numPassedTests ?? 0;
const failed =
  (result?.numFailedTests ?? 0) + brokenFiles + failedChecks + (result === undefined && failedChecks === 0 ? 1 : 0);
const skipped = (result?.numPendingTests ?? 0) + (result?.numTodoTests ?? 0);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
