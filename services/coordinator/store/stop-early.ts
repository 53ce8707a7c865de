import type { TaskSource } from '../../shared/catalog/workloads.js';
import { criterionMetrics } from '../../shared/criterion.js';
import { deltaCriterion } from '../../shared/derivation.js';
import type { Database, Queryable } from '../../shared/db/connect.js';
import {
  earlyStops,
  type EarlyStop,
  type EpochValue,
  type WatchedTraining,
} from '../../shared/early-stopping/decide.js';
import { judgedEpochs } from '../../shared/early-stopping/registry.js';
import { stoppingField, type Stopping } from '../../shared/sweep-spec/stopping-schema.js';
import { endAttempts } from './end-attempts.js';
import type { LostAttempt } from './judge-reports.js';
import { refreshSweepEnds } from './refresh-sweep-ends.js';
import { settleDependants } from './settle-dependants.js';
import { inTransaction } from './transaction.js';
import { transition } from './transition.js';

export interface StoppedEarly {
  readonly sweepIds: string[];
  /** Running attempts whose workers have to stop. */
  readonly lost: LostAttempt[];
  readonly stopped: readonly EarlyStop[];
  /** Whether trials that waited for one of them are queued now. */
  readonly queuedAgain: boolean;
}

interface SweepRow {
  id: string;
  workload: string;
  data: unknown;
  tasks: string[];
  stopping: unknown;
  epochs: number;
}

interface TrainingRow {
  id: string;
  attempt: number;
  running: boolean;
  judged: boolean;
  tasks: string[];
  model: string | null;
  basis: string | null;
}

interface Judged extends EarlyStop {
  readonly attempt: number;
}

const stoppedEarly = transition('stopped-early');

/**
 * Judges the running trials of sweeps with early stopping by the numbers in the database, and ends those that are to be
 * stopped; with a setting's judged trial its trials of further seeds. Nothing is remembered from one call to the next:
 * any coordinator may make it, at any time, and after a restart.
 * @param among sweeps that may have changed; all that run if left out
 */
export async function stopEarly(database: Database, among?: readonly string[]): Promise<StoppedEarly> {
  const sweeps = await database.$queryRaw<SweepRow[]>`
    SELECT s.id, s.workload, s.spec->'data' AS data, s.tasks, s.spec->'stopping' AS stopping,
      (s.spec->>'epochs')::int AS epochs
    FROM sweep s
    WHERE s.ended_at IS NULL AND s.spec ? 'stopping' AND (${among === undefined} OR s.id = ANY(${[...(among ?? [])]}::text[]))
      AND EXISTS (SELECT 1 FROM trial t WHERE t.sweep_id = s.id AND t.stopping IS NOT NULL AND t.state IN ('queued', 'running'))
    ORDER BY s.id`;
  const all: StoppedEarly[] = [];
  for (const sweep of sweeps) {
    const judged = await judgeSweep(database, sweep);
    all.push(await endStopped(database, sweep.id, judged));
  }
  return {
    sweepIds: all.flatMap(({ sweepIds }) => sweepIds),
    lost: all.flatMap(({ lost }) => lost),
    stopped: all.flatMap(({ stopped }) => stopped),
    queuedAgain: all.some(({ queuedAgain }) => queuedAgain),
  };
}

async function judgeSweep(database: Database, row: SweepRow): Promise<Judged[]> {
  const stopping = stoppingField.parse(row.stopping);
  const source = { workload: row.workload, data: row.data };
  const sweep = { source, tasks: row.tasks, epochs: row.epochs, stopping };
  const byDelta = stopping.metric === deltaCriterion;
  // Of the first seed's single-task networks: those that are trained beside what is judged.
  const trainings = await database.$queryRaw<TrainingRow[]>`
    SELECT t.id, t.attempt, t.state = 'running' AS running, t.stopping IS NOT NULL AS judged, s.tasks, s.model, s.basis
    FROM trial t JOIN setting s ON s.sweep_id = t.sweep_id AND s.key = t.setting_key
    WHERE t.sweep_id = ${row.id} AND t.attempt > 0 AND (t.stopping = 'judged'
      OR (${byDelta} AND t.stopping IS NULL AND s.kind = 'single'
        AND t.seed = (SELECT (spec->'seeds'->>0)::int FROM sweep WHERE id = ${row.id})))`;
  if (!trainings.some(({ running, judged }) => running && judged)) return [];
  const values = await readValues(database, trainings, metricNames(source, row.tasks, stopping), {
    epochs: judgedEpochs(stopping, row.epochs),
  });
  const attempts = new Map(trainings.map(({ id, attempt }) => [id, attempt]));
  const watched = trainings.map((one): WatchedTraining => ({
    ...one,
    role: one.judged ? 'judged' : 'baseline',
    values: values.get(one.id) ?? [],
  }));
  return earlyStops(sweep, watched).map((stop) => ({ ...stop, attempt: attempts.get(stop.id) ?? 0 }));
}

/** The metrics that the criterion looks at. */
function metricNames(source: TaskSource, tasks: readonly string[], { metric }: Stopping): string[] {
  const known = criterionMetrics(source, tasks);
  const chosen = metric === deltaCriterion ? tasks : [metric];
  return [...new Set(chosen.flatMap((one) => known.get(one)?.metric.name ?? []))];
}

/** Validation metrics of the newest attempts: at the judged epochs, of what Δm is measured against at every epoch. */
async function readValues(
  database: Database,
  trainings: readonly TrainingRow[],
  metrics: readonly string[],
  { epochs }: { readonly epochs: readonly number[] },
): Promise<Map<string, EpochValue[]>> {
  const rows = await database.$queryRaw<(EpochValue & { id: string })[]>`
    SELECT m.trial_id AS id, m.epoch, m.task, m.metric, m.value
    FROM unnest(
      ${trainings.map(({ id }) => id)}::text[], ${trainings.map(({ attempt }) => attempt)}::int[],
      ${trainings.map(({ judged }) => (judged ? 1 : 0))}::int[]
    ) AS t(id, attempt, judged)
    JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
    WHERE m.split = 'validation' AND m.metric = ANY(${[...metrics]}::text[])
      AND (t.judged = 0 OR m.epoch = ANY(${[...epochs]}::int[]))`;
  const found = new Map<string, EpochValue[]>();
  for (const { id, ...value } of rows) {
    const own = found.get(id);
    if (own === undefined) found.set(id, [value]);
    else own.push(value);
  }
  return found;
}

interface FollowerRow {
  id: string;
  state: string;
  attempt: number;
  worker_id: string | null;
  stop: EarlyStop;
}

/** Ends what was judged, where it still is what was judged, and what follows it. */
async function endStopped(database: Database, sweepId: string, judged: readonly Judged[]): Promise<StoppedEarly> {
  return inTransaction(database, async (transaction) => {
    const ids = judged.map(({ id }) => id);
    await lockConcerned(transaction, sweepId, ids);
    const workers = await transaction.$queryRaw<{ id: string; attempt: number; worker_id: string }[]>`
      SELECT id, attempt, worker_id FROM trial
      WHERE id = ANY(${ids}::text[]) AND state = 'running' AND stopping = 'judged'`;
    const current = judged.filter(({ id, attempt }) => workers.some((one) => one.id === id && one.attempt === attempt));
    const ended = await endAttempts(transaction, current.map(ending));
    await noteStops(transaction, current);
    const followers = await readFollowers(transaction, sweepId);
    const idle = followers.filter(({ state }) => state === 'queued');
    const running = followers.filter(({ state }) => state === 'running');
    await transaction.$executeRaw`
      UPDATE trial SET state = ${stoppedEarly.to}, ended_at = now()
      WHERE id = ANY(${idle.map(({ id }) => id)}::text[]) AND state = 'queued'`;
    const dependants = await settleDependants(
      transaction,
      idle.map(({ id }) => id),
    );
    const further = await endAttempts(transaction, running.map(ending));
    await noteStops(
      transaction,
      followers.map(({ id, stop }) => ({ ...stop, id })),
    );
    if (idle.length > 0) await refreshSweepEnds(transaction, [sweepId]);
    const lost = [...workers.filter(({ id }) => current.some((one) => one.id === id)), ...running];
    return {
      sweepIds: current.length + followers.length > 0 ? [sweepId] : [],
      lost: lost.flatMap(({ id, attempt, worker_id: workerId }): LostAttempt[] =>
        workerId === null ? [] : [{ trialId: id, attempt, workerId, reason: 'stopped-early' }],
      ),
      stopped: current,
      queuedAgain: dependants.queued.length > 0 || [...ended, ...further].some(({ state }) => state === 'queued'),
    };
  });
}

/** In the order of the ids, as everyone does; those that wait for one of them too, since they may be moved with it. */
async function lockConcerned(transaction: Queryable, sweepId: string, ids: readonly string[]): Promise<void> {
  await transaction.$queryRaw`
    WITH concerned AS (
      SELECT f.id FROM trial f
      WHERE f.sweep_id = ${sweepId} AND (f.id = ANY(${[...ids]}::text[])
        OR (f.stopping = 'follows' AND f.state IN ('queued', 'running') AND EXISTS (
          SELECT 1 FROM trial j WHERE j.sweep_id = f.sweep_id AND j.setting_key = f.setting_key AND j.stopping = 'judged'
            AND (j.state = 'stopped' OR j.id = ANY(${[...ids]}::text[])))))
    )
    SELECT id FROM trial WHERE id IN (
      SELECT id FROM concerned
      UNION SELECT trial_id FROM trial_dependency WHERE needs_id IN (SELECT id FROM concerned)
    ) ORDER BY id FOR NO KEY UPDATE`;
}

/** Trials of further seeds of settings whose judged trial is stopped. */
async function readFollowers(transaction: Queryable, sweepId: string): Promise<FollowerRow[]> {
  return transaction.$queryRaw<FollowerRow[]>`
    SELECT f.id, f.state, f.attempt, f.worker_id, j.stop
    FROM trial f JOIN trial j ON j.sweep_id = f.sweep_id AND j.setting_key = f.setting_key AND j.stopping = 'judged'
    WHERE f.sweep_id = ${sweepId} AND f.stopping = 'follows' AND f.state IN ('queued', 'running')
      AND j.state = 'stopped' AND j.stop IS NOT NULL
    ORDER BY f.id FOR NO KEY UPDATE OF f`;
}

function ending({ id, attempt }: { readonly id: string; readonly attempt: number }) {
  return {
    trialId: id,
    attempt,
    event: 'stopped-early',
    outcome: 'stopped',
    error: null,
    isFailure: false,
  } as const;
}

async function noteStops(transaction: Queryable, stops: readonly EarlyStop[]): Promise<void> {
  if (stops.length === 0) return;
  const notes = stops.map(({ rule, epoch, message }) => JSON.stringify({ rule, epoch, message }));
  await transaction.$executeRaw`
    UPDATE trial t SET stop = n.stop::jsonb
    FROM unnest(${stops.map(({ id }) => id)}::text[], ${notes}::text[]) AS n(id, stop)
    WHERE t.id = n.id AND t.state = ${stoppedEarly.to} AND t.stop IS NULL`;
}
