import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { packageRoot } from '../../services/shared/version.js';
import { samplePicture } from './sample-picture.js';
import { optimizerConfig } from '../../services/shared/catalog/optimizers.js';

/** Applies the SQL of every migration in order; the coordinator does this at its start, tests of readers do it here. */
export async function applyMigrations(databaseUrl: string): Promise<void> {
  const folder = join(packageRoot, 'prisma', 'migrations');
  await withClient(databaseUrl, async (client) => {
    for (const name of readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()) {
      await client.query(readFileSync(join(folder, name, 'migration.sql'), 'utf8'));
    }
  });
}

export async function withClient<Value>(url: string, work: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface SeedSetting {
  readonly key: string;
  readonly label: string;
  readonly kind: 'single' | 'fixed' | 'learned';
  readonly method: string;
  readonly tasks: readonly string[];
  readonly weights: Readonly<Record<string, number>> | null;
}

export interface SeedOptions {
  readonly id: string;
  readonly name: string;
  readonly tasks: readonly string[];
  readonly settings: readonly SeedSetting[];
  readonly seeds: number;
  readonly epochs: number;
  /** State of each trial by its position; a running one is half way. */
  readonly state: (position: number) => 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** Put on every trial's label, to try hostile text. */
  readonly labelSuffix?: string;
  /** Text of the log lines; a harmless one is the default. */
  readonly logText?: string;
  /** Pictures of this many samples for the trials that have begun. */
  readonly samples?: number;
}

/** A grid over the weight of semantic class against depth, with both single tasks and the learned weighting. */
export function twoTaskSettings(
  weights: readonly number[] = [0.975, 0.95, 0.9, 0.85, 0.8, 0.7, 0.5, 0.2, 0.1],
): SeedSetting[] {
  const tasks = ['semantic', 'depth'];
  const fixed = (semantic: number): SeedSetting => {
    const depth = Math.round((1 - semantic) * 1000) / 1000;
    return {
      key: `fixed-${semantic}`,
      label: `semantic ${semantic} · depth ${depth}`,
      kind: 'fixed',
      method: 'fixed',
      tasks,
      weights: { semantic, depth },
    };
  };
  return [
    {
      key: 'single-semantic',
      label: 'semantic only',
      kind: 'single',
      method: 'fixed',
      tasks: ['semantic'],
      weights: { semantic: 1, depth: 0 },
    },
    ...weights.map(fixed),
    {
      key: 'single-depth',
      label: 'depth only',
      kind: 'single',
      method: 'fixed',
      tasks: ['depth'],
      weights: { semantic: 0, depth: 1 },
    },
    {
      key: 'uncertainty',
      label: 'task uncertainty (semantic, depth)',
      kind: 'learned',
      method: 'uncertainty',
      tasks,
      weights: null,
    },
  ];
}

/** A lattice over three tasks' weights, each task alone, and a learned weighting. */
export function threeTaskSettings(steps = 4): SeedSetting[] {
  const tasks = ['semantic', 'instance', 'depth'];
  const lattice = Array.from({ length: steps + 1 }, (_, first) =>
    Array.from({ length: steps + 1 - first }, (_, second) => [first, second, steps - first - second] as const),
  ).flat();
  const constant = lattice.map((parts): SeedSetting => {
    const weights = Object.fromEntries(tasks.map((task, place) => [task, (parts[place] ?? 0) / steps]));
    const trained = tasks.filter((task) => (weights[task] ?? 0) > 0);
    const key = `at-${parts.join('-')}`;
    return {
      key,
      label: key,
      kind: trained.length === 1 ? 'single' : 'fixed',
      method: 'fixed',
      tasks: trained,
      weights,
    };
  });
  const learned: SeedSetting = {
    key: 'uncertainty',
    label: 'task uncertainty',
    kind: 'learned',
    method: 'uncertainty',
    tasks,
    weights: null,
  };
  return [...constant, learned];
}

/** Numbers that look like training but are made up: a curve towards a level that depends on the task's weight. */
function madeUpMetrics(
  setting: SeedSetting,
  seed: number,
  upTo: number,
  epochs: number,
): { epoch: number; split: string; task: string; metric: string; value: number }[] {
  const rows: { epoch: number; split: string; task: string; metric: string; value: number }[] = [];
  const total = Object.values(setting.weights ?? {}).reduce((sum, weight) => sum + weight, 0);
  for (const [place, task] of setting.tasks.entries()) {
    const share =
      setting.weights === null
        ? (2 * (setting.tasks.length - place)) / (setting.tasks.length * (setting.tasks.length + 1))
        : (setting.weights[task] ?? 0) / Math.max(total, 1e-9);
    const bonus = setting.kind === 'learned' ? 0.05 : 0;
    const wave = (epoch: number): number =>
      0.012 * Math.sin(seed * 7.3 + epoch * 2.1 + place) * Math.exp(-epoch / epochs);
    for (let epoch = 0; epoch <= upTo; epoch += 1) {
      const grown = 1 - Math.exp((-4.5 * epoch) / epochs);
      const push = (split: string, metric: string, value: number): void => {
        rows.push({ epoch, split, task, metric, value });
      };
      const quality =
        grown * (0.42 + 0.2 * Math.sqrt(share) - 0.06 * share * share + bonus + 0.008 * Math.cos(seed * 3.7)) +
        wave(epoch);
      for (const split of epoch === epochs && upTo === epochs ? ['validation', 'test'] : ['validation']) {
        if (task === 'semantic') {
          push(split, 'meanIoU', quality);
          push(split, 'pixelAccuracy', 0.35 + 0.9 * quality);
        } else if (task === 'depth') {
          push(split, 'meanError', 1.6 - 1.7 * quality);
          push(split, 'relativeError', 0.6 - 0.7 * quality);
        } else push(split, 'meanError', 8 - 8 * quality);
      }
      if (epoch === 0) continue;
      const variance = setting.kind === 'learned' ? Math.exp(-(1.2 + 1.3 * place) * grown + 0.02 * seed) : 1;
      const weight = setting.weights === null ? 1 / variance : share;
      push('train', 'loss', 2.4 * Math.exp((-3 * epoch) / epochs) + 0.15 + wave(epoch));
      push('train', 'weight', weight);
      push('train', 'normalisedWeight', setting.weights === null ? share + (0.5 - share) * (1 - grown) : share);
      if (setting.kind === 'learned') {
        push('train', 'variance', variance);
        push('train', 'logVariance', Math.log(variance));
      }
    }
  }
  return rows;
}

function madeUpConfig(setting: SeedSetting, seed: number, epochs: number): object {
  const weighting =
    setting.weights === null
      ? {
          method: 'uncertainty',
          regression: 'absolute',
          classification: 'approximate',
          regulariser: 'log',
          initialLogVariance: 0,
          learningRateMultiplier: 1,
        }
      : { method: 'fixed', weights: setting.weights };
  return {
    version: 1,
    workload: 'street-scenes',
    data: { train: 600, validation: 150, test: 150, height: 64, width: 128, seed: 1 },
    tasks: setting.tasks,
    weighting,
    model: { name: 'hard-sharing', encoder: [24, 48, 64, 64], head: 32 },
    optimizer: optimizerConfig.parse({ name: 'adam' }),
    epochs,
    batchSize: 8,
    seed,
    limits: { parameters: 5_000_000, stallSeconds: 120 },
  };
}

/** Inserts trial numbers `from` to `upTo` epochs as a recorder would; used to let a page see rows arrive. */
export async function insertMetrics(
  client: pg.Client,
  trialId: string,
  attempt: number,
  rows: readonly { epoch: number; split: string; task: string; metric: string; value: number }[],
): Promise<void> {
  await client.query(
    `INSERT INTO metric (trial_id, attempt, epoch, split, task, metric, value)
     SELECT $1, $2, e, s, t, m, v FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::float8[]) AS rows(e, s, t, m, v)
     ON CONFLICT DO NOTHING`,
    [
      trialId,
      attempt,
      rows.map((row) => row.epoch),
      rows.map((row) => row.split),
      rows.map((row) => row.task),
      rows.map((row) => row.metric),
      rows.map((row) => row.value),
    ],
  );
}

/** Ends a running trial of a seeded sweep, with all of its numbers: what the recorder does when a trial succeeds. */
export async function finishTrial(client: pg.Client, sweep: SeedOptions, position: number): Promise<void> {
  const setting = sweep.settings[Math.floor(position / sweep.seeds)];
  if (setting === undefined) throw new Error(`no trial ${position} in ${sweep.id}`);
  const trialId = seededTrialId(sweep, position);
  await insertMetrics(
    client,
    trialId,
    1,
    madeUpMetrics(setting, (position % sweep.seeds) + 1, sweep.epochs, sweep.epochs),
  );
  await client.query(`UPDATE attempt SET outcome = 'succeeded', ended_at = now() WHERE trial_id = $1 AND number = 1`, [
    trialId,
  ]);
  await client.query(
    `UPDATE trial SET state = 'succeeded', ended_at = now(), lease_until = NULL, step = steps WHERE id = $1`,
    [trialId],
  );
}

export function seededTrialId(sweep: Pick<SeedOptions, 'id'>, position: number): string {
  return `${sweep.id.replace(/^sweep-/, 'trial-')}-${String(position).padStart(4, '0')}`;
}

/** Writes a whole sweep: settings, trials, attempts, numbers, log and pictures. All numbers are made up. */
export async function seedSweep(client: pg.Client, sweep: SeedOptions): Promise<void> {
  const { id, epochs, seeds } = sweep;
  await client.query(
    `INSERT INTO sweep (id, name, workload, tasks, spec, spec_hash, idempotency_key, created_at)
     VALUES ($1, $2, 'street-scenes', $3, '{}', $1, $1, now() - interval '31 minutes')`,
    [id, sweep.name, [...sweep.tasks]],
  );
  await client.query(`INSERT INTO schedule (sweep_id, backends, labels, commands) VALUES ($1, '{}', '{}', '{}')`, [id]);
  for (const [position, setting] of sweep.settings.entries()) {
    await client.query(
      `INSERT INTO setting (sweep_id, key, position, label, kind, method, tasks, weights) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, setting.key, position, setting.label, setting.kind, setting.method, [...setting.tasks], setting.weights],
    );
  }
  for (let position = 0; position < sweep.settings.length * seeds; position += 1) {
    await seedTrial(client, sweep, position, epochs);
  }
}

async function seedTrial(client: pg.Client, sweep: SeedOptions, position: number, epochs: number): Promise<void> {
  const setting = sweep.settings[Math.floor(position / sweep.seeds)];
  if (setting === undefined) return;
  const state = sweep.state(position);
  const seed = (position % sweep.seeds) + 1;
  const trialId = seededTrialId(sweep, position);
  const begun = state === 'running' || state === 'succeeded' || state === 'failed';
  const ended = state !== 'queued' && state !== 'running';
  const upTo = state === 'succeeded' ? epochs : state === 'running' ? Math.floor(epochs / 2) : Math.floor(epochs / 4);
  const steps = epochs * 75;
  const error =
    state === 'failed'
      ? { code: 'LOSS_NOT_FINITE', message: 'The loss became NaN at step 412.', hint: 'Lower the learning rate.' }
      : null;
  const started = `now() - interval '30 minutes' + interval '20 seconds' * ${position}`;
  await client.query(
    `INSERT INTO trial (id, sweep_id, setting_key, position, label, seed, config, state, attempt, failures, max_failures, worker_id, lease_until, step, steps, started_at, ended_at, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 3, $11, ${state === 'running' ? `now() + interval '1 hour'` : 'NULL'}, $12, $13,
       ${begun ? started : 'NULL'}, ${ended ? `${started} + interval '85 seconds'` : 'NULL'}, $14)`,
    [
      trialId,
      sweep.id,
      setting.key,
      position,
      `${setting.label} · seed ${seed}${sweep.labelSuffix ?? ''}`,
      seed,
      madeUpConfig(setting, seed, epochs),
      state,
      begun ? 1 : 0,
      state === 'failed' ? 1 : 0,
      begun ? 'worker-one' : null,
      begun ? Math.floor((steps * upTo) / epochs) : null,
      begun ? steps : null,
      error,
    ],
  );
  if (!begun) return;
  await client.query(
    `INSERT INTO attempt (trial_id, number, claim_id, worker_id, backend, device, outcome, started_at, ended_at, error)
     VALUES ($1, 1, $2, 'worker-one', 'wasm', '4 cores', $3, ${started}, ${ended ? `${started} + interval '85 seconds'` : 'NULL'}, $4)`,
    [trialId, `claim-${trialId}`, state, error],
  );
  await insertMetrics(client, trialId, 1, madeUpMetrics(setting, seed, upTo, epochs));
  const lines = Array.from(
    { length: upTo },
    (_, epoch) =>
      sweep.logText ?? `epoch ${epoch + 1} of ${epochs}: loss ${(2.4 * Math.exp((-3 * epoch) / epochs)).toFixed(4)}`,
  );
  await client.query(
    `INSERT INTO log_line (trial_id, attempt, seq, at, level, text)
     SELECT $1, 1, n - 1, ${started} + n * interval '2 seconds', CASE WHEN n = 3 THEN 'warn' ELSE 'info' END, text
     FROM unnest($2::text[]) WITH ORDINALITY AS lines(text, n)`,
    [trialId, lines],
  );
  for (let sample = 0; sample < (sweep.samples ?? 0); sample += 1) {
    for (const epoch of [...new Set([Math.ceil(upTo / 2), upTo])]) {
      const kinds = [
        ['trial', 'input'],
        ...setting.tasks.flatMap((task) => [
          [task, 'truth'],
          [task, 'prediction'],
        ]),
      ];
      for (const [task = '', kind = ''] of kinds) {
        await client.query(`INSERT INTO picture VALUES ($1, 1, $2, $3, $4, $5, $6)`, [
          trialId,
          epoch,
          sample,
          task,
          kind,
          samplePicture(task, kind, sample, epoch),
        ]);
      }
    }
  }
}

/** Two workers: one that works, one with nothing to do. */
export async function seedWorkers(client: pg.Client, trials: readonly string[]): Promise<void> {
  const reason = 'tfjs-node-gpu: no CUDA device; tfjs-node: not installed; wasm: SIMD and 4 threads, chosen';
  await client.query(
    `INSERT INTO worker (id, name, host, pid, software_version, backend, backend_reason, device, driver, memory_bytes, threads,
       slots, trials, state) VALUES
      ('worker-one', 'bench-01', 'bench-01.lab', 4121, '0.1.0', 'wasm', $1, '4 cores', NULL, NULL, 1, 4, $2, 'running'),
      ('worker-two', 'gpu-07', 'gpu-07.lab', 991, '0.1.0', 'tfjs-node-gpu', 'tfjs-node-gpu: CUDA 11.2, chosen', 'Tesla T4', 'NVIDIA 535.104',
       16106127360, NULL, 2, '{}', 'running')`,
    [reason, [...trials]],
  );
}
