import type pg from 'pg';

export interface LargeSweep {
  readonly id: string;
  readonly settings: number;
  readonly seeds: number;
  readonly epochs: number;
  /** So many of its last trials are still running, and have reported nothing. */
  readonly running?: number;
}

/** Who trains what of it is running. */
export const largeSweepWorker = 'worker-large';

const tasks = ['semantic', 'instance', 'depth'] as const;

/** Validation metrics of the three tasks. */
const metrics = [
  ['semantic', 'meanIoU'],
  ['semantic', 'pixelAccuracy'],
  ['instance', 'meanError'],
  ['depth', 'meanError'],
  ['depth', 'relativeError'],
] as const;
/** Training quantities of each task. */
const quantities = ['loss', 'weight', 'normalisedWeight', 'variance'] as const;

/**
 * Writes a sweep of three tasks as a recorder would have left it, with made-up numbers: singles, a grid, and
 * every tenth setting learned.
 */
export async function writeLargeSweep(
  client: pg.Client,
  { id, settings, seeds, epochs, running = 0 }: LargeSweep,
): Promise<void> {
  await client.query(
    `INSERT INTO sweep (id, name, workload, tasks, spec, spec_hash, idempotency_key, created_at, ended_at)
     VALUES ($1, 'a large sweep', 'street-scenes', $2, '{}', $1, $1, now() - interval '1 day',
       CASE WHEN $3 THEN NULL ELSE now() END)`,
    [id, [...tasks], running > 0],
  );
  await client.query(`INSERT INTO schedule (sweep_id, backends, labels, commands) VALUES ($1, '{}', '{}', '{}')`, [id]);
  await client.query(
    `INSERT INTO setting (sweep_id, key, position, label, kind, method, tasks, weights)
     SELECT $1, 'setting-' || n, n, 'setting ' || n,
       CASE WHEN n < 3 THEN 'single' WHEN n % 10 = 0 THEN 'learned' ELSE 'fixed' END,
       CASE WHEN n >= 3 AND n % 10 = 0 THEN 'uncertainty' ELSE 'fixed' END,
       CASE WHEN n < 3 THEN ARRAY[($3::text[])[n + 1]] ELSE $3::text[] END,
       CASE WHEN n < 3 THEN jsonb_build_object('semantic', (n = 0)::int, 'instance', (n = 1)::int, 'depth', (n = 2)::int)
         WHEN n % 10 = 0 THEN NULL
         ELSE jsonb_build_object('semantic', 1 + n % 7, 'instance', 1 + n % 11, 'depth', 1 + n % 13) END
     FROM generate_series(0, $2::int - 1) AS n`,
    [id, settings, [...tasks]],
  );
  await client.query(
    `INSERT INTO trial (id, sweep_id, setting_key, position, label, seed, config, state, attempt, max_failures, worker_id,
       step, steps, started_at, ended_at, lease_until)
     SELECT 'trial-' || substr($1, 7) || '-' || s.position || '-' || seed, $1, s.key, s.position * $2::int + seed - 1,
       s.label || ' · seed ' || seed, seed,
       jsonb_build_object('version', 1, 'workload', 'street-scenes', 'tasks', s.tasks, 'seed', seed, 'epochs', $3::int,
         'weighting', jsonb_build_object('method', s.method, 'weights', s.weights),
         'optimizer', jsonb_build_object('name', 'adam', 'learningRate', 0.001 * (1 + s.position % 3))),
       CASE WHEN runs.still THEN 'running' ELSE 'succeeded' END, 1, 3, $5,
       CASE WHEN runs.still THEN 0 ELSE $3 * 75 END, $3 * 75, now() - interval '1 day' + seed * interval '1 minute',
       CASE WHEN NOT runs.still THEN now() - interval '1 day' + seed * interval '3 minutes' END,
       CASE WHEN runs.still THEN now() + interval '1 day' END
     FROM setting s, generate_series(1, $2::int) AS seed,
       LATERAL (SELECT s.position * $2::int + seed > $4::int AS still) runs
     WHERE s.sweep_id = $1`,
    [id, seeds, epochs, settings * seeds - running, largeSweepWorker],
  );
  await client.query(
    `INSERT INTO attempt (trial_id, number, claim_id, worker_id, backend, device, outcome, started_at, ended_at)
     SELECT id, 1, 'claim-' || id, worker_id, 'wasm', '2 cores', state, started_at, ended_at
     FROM trial WHERE sweep_id = $1`,
    [id],
  );
  const insert = `INSERT INTO metric (trial_id, attempt, epoch, split, task, metric, value)`;
  await client.query(
    `${insert}
     SELECT t.id, 1, epoch, split, m.task, m.metric,
       0.3 + 0.4 * (1 - exp(-epoch / 20.0)) + 0.001 * (t.position % 97) + 0.003 * sin(t.seed * 7 + epoch)
     FROM trial t, unnest($2::text[], $3::text[]) AS m(task, metric),
       (SELECT e AS epoch, 'validation' AS split FROM generate_series(0, $4::int) AS e UNION ALL SELECT $4::int, 'test') AS at
     WHERE t.sweep_id = $1 AND t.state = 'succeeded' AND t.config->'tasks' ? m.task`,
    [id, metrics.map(([task]) => task), metrics.map(([, metric]) => metric), epochs],
  );
  await client.query(
    `${insert}
     SELECT t.id, 1, epoch, 'train', task, quantity, 0.2 + 1 / (1 + epoch + (t.position % 5))
     FROM trial t, unnest($2::text[]) AS task, unnest($3::text[]) AS quantity, generate_series(1, $4::int) AS epoch
     WHERE t.sweep_id = $1 AND t.state = 'succeeded' AND t.config->'tasks' ? task`,
    [id, [...tasks], [...quantities], epochs],
  );
  // As the database is when the sweep has been there for a while: otherwise its own upkeep is measured too.
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
}
