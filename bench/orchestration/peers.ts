import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../services/cli/stack/ports.js';
import { packageRoot } from '../../services/shared/version.js';
import { until } from '../../test/helpers/deadline.js';
import { forkBench, untilReady } from './orchestrator.js';
import { queues, type QueueName } from './queues.js';

export interface PeerResult {
  readonly name: string;
  readonly perSecond: number;
  /** What was done, and in what it differs. */
  readonly what: string;
}

/** As the registry has them; newer majors need a newer Node. */
const packages = { 'pg-boss': '10.4.2', 'graphile-worker': '0.16.6', bullmq: '5.81.5' } as const;
const queuedJobs = { 'pg-boss': 4000, 'graphile-worker': 4000, bullmq: 20_000 } as const;
const pythonTrials = { ray: 40, optuna: 400 } as const;
const withinMs = 60_000;

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Output of a program. @throws Error when it fails */
function output(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${program} ended with code ${String(code)}: ${stderr.slice(-2000)}`));
    });
  });
}

/** An empty database of the server. */
async function makeDatabase(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const made = new URL(url);
  made.pathname = `/${name}`;
  return made.href;
}

/** Redis as BullMQ's documentation wants it: appended to a file that is synced every second. */
async function withRedis<Value>(folder: string, work: (port: number) => Promise<Value>): Promise<Value> {
  const port = await freePort(undefined);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
  const server = spawn('redis-server', [...args, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    server.once('exit', resolve);
    server.once('error', resolve);
  });
  try {
    return await work(port);
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

/** Jobs a second from the first one's enqueueing to the end of the last. */
async function measureQueue(name: QueueName, folder: string, at: string, workers: number): Promise<number> {
  const jobs = queuedJobs[name];
  const queue = await queues[name](folder, at);
  const environment = { BENCH_TASK: JSON.stringify({ name, folder, at }) };
  const processes = Array.from({ length: workers }, () => forkBench('orchestration/queue-worker.js', environment));
  try {
    await Promise.all(processes.map(untilReady));
    const started = performance.now();
    await queue.enqueue(jobs);
    await until(async () => (await queue.done()) >= jobs, { deadlineMs: withinMs, what: `${name} to do its jobs` });
    const seconds = (performance.now() - started) / 1000;
    const records = await queue.records();
    if (records !== 5 * jobs) throw new Error(`${name} has ${String(records)} records of ${String(jobs)} jobs`);
    return jobs / seconds;
  } finally {
    await Promise.all(processes.map((one) => one.end()));
    await queue.close();
  }
}

interface Peer {
  readonly name: string;
  readonly run: () => Promise<{ readonly name: string; readonly perSecond: number; readonly what: string }>;
}

/**
 * The peers on the same PostgreSQL server, one after the other. One that cannot be run here is left out with a note:
 * the queues come from npm, redis-server from PATH, Ray and Optuna from the Python that SIGMASWEEP_BENCH_PYTHON names.
 */
export async function runPeers(databaseUrl: string, workers: number): Promise<readonly PeerResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-peers-'));
  try {
    const results: PeerResult[] = [];
    for (const { name, run } of peersIn(folder, databaseUrl, workers)) {
      try {
        results.push(await run());
      } catch (error) {
        note(`${name} is left out: ${String(error)}`);
      }
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function peersIn(folder: string, databaseUrl: string, workers: number): readonly Peer[] {
  const installed = install(folder);
  const processes = `${String(workers)} processes`;
  const queuePeer = (name: QueueName, what: string): Peer => ({
    name,
    run: async () => {
      await installed;
      const perSecond =
        name === 'bullmq'
          ? await withRedis(folder, (port) => measureQueue(name, folder, String(port), workers))
          : await measureQueue(name, folder, await makeDatabase(databaseUrl, name.replace('-', '_')), workers);
      const jobs = queuedJobs[name].toLocaleString('en');
      return { name: `${name} ${packages[name]}`, perSecond, what: `${jobs} jobs, ${processes}; ${what}` };
    },
  });
  const pythonPeer = (mode: keyof typeof pythonTrials, name: string, what: string): Peer => ({
    name,
    run: async () => {
      const python = process.env['SIGMASWEEP_BENCH_PYTHON'];
      if (python === undefined) throw new Error('SIGMASWEEP_BENCH_PYTHON is not set');
      const url = mode === 'optuna' ? await makeDatabase(databaseUrl, 'optuna') : databaseUrl;
      const config = join(folder, `${mode}.json`);
      writeFileSync(config, JSON.stringify({ url, workers, trials: pythonTrials[mode], folder: join(folder, mode) }));
      const text = await output(
        python,
        [join(packageRoot, 'bench', 'python', 'no_op_trials.py'), mode, config],
        folder,
      );
      const line = text.trim().split('\n').at(-1) ?? '';
      const { version, perSecond } = JSON.parse(line) as { version: string; perSecond: number };
      return {
        name: `${name} ${version}`,
        perSecond,
        what: `${String(pythonTrials[mode])} trials, ${processes}; ${what}`,
      };
    },
  });
  return [
    queuePeer(
      'pg-boss',
      'fetched and completed in batches of 100, five records of a job in one statement; same PostgreSQL server',
    ),
    queuePeer('graphile-worker', '32 at once in each, five records of a job in one statement; same PostgreSQL server'),
    queuePeer(
      'bullmq',
      '32 at once in each, five log lines of a job sent together; Redis syncs to disk once a second only',
    ),
    pythonPeer('optuna', 'Optuna', 'random sampler, five reports; same PostgreSQL server'),
    pythonPeer('ray', 'Ray Tune', 'one processor each, actors used again, five reports; results in files'),
  ];
}

/** Installs the queues where nothing else is. */
function install(folder: string): Promise<unknown> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const installed = output('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], folder);
  // Each queue that waits for it hears of it.
  installed.catch(() => undefined);
  return installed;
}
