/**
 * Job queues that no-op trials are compared with. They are installed when the benchmark runs, so that what is used of
 * them is described here.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import pg from 'pg';

export type QueueName = 'pg-boss' | 'graphile-worker' | 'bullmq';

/** A queue as the process sees it that enqueues. */
export interface Queue {
  enqueue(jobs: number): Promise<void>;
  /** Jobs that are done. */
  done(): Promise<number>;
  /** Progress records of all jobs; each is to leave five. */
  records(): Promise<number>;
  close(): Promise<void>;
}

/** Does jobs until the signal is aborted. */
export type Work = (folder: string, at: string, signal: AbortSignal) => Promise<void>;

const queueName = 'no-op';
const atOnce = 32;
const fetchedAtOnce = 100;
const enqueuedAtOnce = 1000;

interface PgBoss {
  start(): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  createQueue(name: string): Promise<void>;
  insert(jobs: readonly { name: string; data: object }[]): Promise<void>;
  fetch(name: string, options: { batchSize: number }): Promise<{ id: string }[]>;
  complete(name: string, ids: readonly string[]): Promise<void>;
}
interface GraphileWorker {
  runMigrations(options: { connectionString: string }): Promise<void>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
}
interface BullMq {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    addBulk(jobs: readonly { name: string; data: object }[]): Promise<unknown>;
    getCompletedCount(): Promise<number>;
    getCompleted(from: number, to: number): Promise<{ id: string }[]>;
    getJobLogs(id: string): Promise<{ count: number }>;
    close(): Promise<void>;
  };
  readonly Worker: new (
    name: string,
    work: (job: { log(line: string): Promise<unknown> }) => Promise<void>,
    options: object,
  ) => { close(): Promise<void> };
}

function load(folder: string, name: string): unknown {
  return createRequire(join(folder, 'package.json'))(name);
}

function openPgBoss(folder: string, url: string): PgBoss {
  const Boss = load(folder, 'pg-boss') as new (options: object) => PgBoss;
  return new Boss({ connectionString: url, max: 4, supervise: false, schedule: false });
}

const recordTable = 'CREATE TABLE progress (job text, epoch int, value float8, PRIMARY KEY (job, epoch))';

async function pooled(url: string): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  await pool.query(recordTable);
  return pool;
}

async function countIn(pool: pg.Pool, what: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${what}`);
  return rows[0]?.count ?? 0;
}

/** Writes the five progress records of jobs, in one statement. */
async function record(pool: Pick<pg.Pool, 'query'>, jobs: readonly string[]): Promise<void> {
  await pool.query(
    'INSERT INTO progress SELECT job, epoch, 1.0 / epoch FROM unnest($1::text[]) AS job, generate_series(1, 5) AS epoch',
    [jobs],
  );
}

function chunks(jobs: number): number[][] {
  const all = Array.from({ length: jobs }, (_, index) => index);
  return Array.from({ length: Math.ceil(jobs / enqueuedAtOnce) }, (_, index) =>
    all.slice(index * enqueuedAtOnce, (index + 1) * enqueuedAtOnce),
  );
}

export const queues: Readonly<Record<QueueName, (folder: string, at: string) => Promise<Queue>>> = {
  'pg-boss': async (folder, url) => {
    const pool = await pooled(url);
    const boss = openPgBoss(folder, url);
    await boss.start();
    await boss.createQueue(queueName);
    return {
      enqueue: async (jobs) => {
        for (const some of chunks(jobs)) await boss.insert(some.map((job) => ({ name: queueName, data: { job } })));
      },
      done: () => countIn(pool, "pgboss.job WHERE state = 'completed'"),
      records: () => countIn(pool, 'progress'),
      close: async () => {
        await boss.stop({ graceful: false });
        await pool.end();
      },
    };
  },
  'graphile-worker': async (folder, url) => {
    const pool = await pooled(url);
    await (load(folder, 'graphile-worker') as GraphileWorker).runMigrations({ connectionString: url });
    let enqueued = 0;
    return {
      enqueue: async (jobs) => {
        enqueued = jobs;
        const job = `SELECT graphile_worker.add_job('${queueName}', json_build_object('job', n)) FROM generate_series(1, $1::int) AS n`;
        await pool.query(job, [jobs]);
      },
      // It deletes what is done.
      done: async () => enqueued - (await countIn(pool, 'graphile_worker.jobs')),
      records: () => countIn(pool, 'progress'),
      close: () => pool.end(),
    };
  },
  bullmq: (folder, port) => {
    const { Queue } = load(folder, 'bullmq') as BullMq;
    const queue = new Queue(queueName, { connection: { host: '127.0.0.1', port: Number(port) } });
    return Promise.resolve({
      enqueue: async (jobs) => {
        for (const some of chunks(jobs)) await queue.addBulk(some.map((job) => ({ name: queueName, data: { job } })));
      },
      done: () => queue.getCompletedCount(),
      records: async () => {
        const jobs = await queue.getCompleted(0, -1);
        const logs = await Promise.all(jobs.map(({ id }) => queue.getJobLogs(id)));
        return logs.reduce((sum, { count }) => sum + count, 0);
      },
      close: () => queue.close(),
    });
  },
};

/** What a worker process of each does. */
export const workOf: Readonly<Record<QueueName, Work>> = {
  'pg-boss': async (folder, url, signal) => {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    const boss = openPgBoss(folder, url);
    await boss.start();
    while (!signal.aborted) {
      const jobs = await boss.fetch(queueName, { batchSize: fetchedAtOnce });
      if (jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      // Each job says what it has to say by itself, as a training would.
      await Promise.all(jobs.map(({ id }) => record(pool, [id])));
      if (jobs.length > 0)
        await boss.complete(
          queueName,
          jobs.map(({ id }) => id),
        );
    }
    await boss.stop({ graceful: false });
    await pool.end();
  },
  'graphile-worker': async (folder, url, signal) => {
    const graphileWorker = load(folder, 'graphile-worker') as GraphileWorker;
    const pool = new pg.Pool({ connectionString: url, max: 10 });
    type Helpers = { readonly job: { readonly id: string }; readonly query: pg.Pool['query'] };
    const taskList = { [queueName]: (_: unknown, helpers: Helpers) => record(helpers, [helpers.job.id]) };
    const silent = { scope: {}, debug() {}, info() {}, warn() {}, error() {} };
    const logger = { ...silent, scope: () => logger } as object;
    const runner = await graphileWorker.run({
      pgPool: pool,
      concurrency: atOnce,
      noHandleSignals: true,
      pollInterval: 100,
      taskList,
      logger,
    });
    await aborted(signal);
    await runner.stop();
    await pool.end();
  },
  bullmq: async (folder, port, signal) => {
    const { Worker } = load(folder, 'bullmq') as BullMq;
    const worker = new Worker(
      queueName,
      async (job) => {
        await Promise.all([1, 2, 3, 4, 5].map((epoch) => job.log(String(1 / epoch))));
      },
      { connection: { host: '127.0.0.1', port: Number(port) }, concurrency: atOnce },
    );
    await aborted(signal);
    await worker.close();
  },
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
