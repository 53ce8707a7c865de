import type { Queryable } from '../../shared/db/connect.js';
import { derivation } from '../../shared/derivation.js';
import type { ErrorRecord } from '../../shared/errors.js';
import { weightingMetrics } from '../../shared/messages/reports.js';
import { trialConfig } from '../../shared/trial-config.js';
import { deriveWeights } from '../../shared/plan/derive-weights.js';
import type { Derived, Outcome } from '../../shared/plan/outcome.js';
import { weightsText } from '../../shared/plan/names.js';
import { trialLabel } from '../../shared/plan/plan.js';

interface ReadyRow {
  id: string;
  sweep_id: string;
  setting_key: string;
  setting_label: string;
  /** Those of the row, where another of its seeds has filled them in. */
  setting_weights: Record<string, number> | null;
  seed: number;
  config: unknown;
  derivation: unknown;
  setting_note: string | null;
  workload: string;
  /** The spec's `data`, which may declare the tasks. */
  data: unknown;
  /** Of the sweep. */
  sweep_tasks: string[];
  /** Of the row. */
  tasks: string[];
  derived: boolean;
}

interface NeededRow {
  trial_id: string;
  needs_id: string;
  setting_key: string;
  position: number;
  label: string;
  kind: Outcome['setting']['kind'];
  tasks: string[];
  weights: Record<string, number> | null;
  succeeded: boolean;
}

interface NumberRow {
  trial_id: string;
  split: string;
  task: string;
  metric: string;
  value: number;
}

export interface DerivedTrials {
  /** Trials whose configuration is complete. */
  readonly ready: string[];
  readonly faults: readonly { readonly id: string; readonly error: ErrorRecord }[];
}

/**
 * Fills the weights into the configurations of waiting trials whose dependencies are met, and into their rows where all
 * seeds share them. What was filled in once stays, for the trial and for the other seeds of its row: a point that ends
 * well only later, by a retry, must not make one row of two trainings.
 * @param trialIds locked by the transaction
 */
export async function deriveTrials(transaction: Queryable, trialIds: readonly string[]): Promise<DerivedTrials> {
  if (trialIds.length === 0) return { ready: [], faults: [] };
  const rows = await transaction.$queryRaw<ReadyRow[]>`
    SELECT t.id, t.sweep_id, t.setting_key, s.label AS setting_label, s.weights AS setting_weights,
      s.note AS setting_note, t.seed, t.config, t.derivation, w.workload, w.spec->'data' AS data, w.tasks AS sweep_tasks, s.tasks,
       t.derivation IS NULL OR t.derived_at IS NOT NULL AS derived
    FROM trial t JOIN setting s ON s.sweep_id = t.sweep_id AND s.key = t.setting_key JOIN sweep w ON w.id = t.sweep_id
    WHERE t.id = ANY(${[...trialIds]}::text[]) ORDER BY t.sweep_id, t.position FOR NO KEY UPDATE OF s`;
  const wanted = rows.filter((row) => !row.derived);
  const outcomes = await readOutcomes(
    transaction,
    wanted.map(({ id }) => id),
  );
  const ready = rows.filter((row) => row.derived).map(({ id }) => id);
  const faults: { id: string; error: ErrorRecord }[] = [];
  for (const row of wanted) {
    const derived = derivedOf(row, outcomes.get(row.id) ?? []);
    if ('fault' in derived) faults.push({ id: row.id, error: derived.fault });
    else {
      await fillIn(transaction, row, derived);
      ready.push(row.id);
    }
  }
  return { ready, faults };
}

function derivedOf(row: ReadyRow, outcomes: readonly Outcome[]): Derived {
  const { workload, data, tasks, setting_weights: shared, setting_note: note } = row;
  if (shared === null || note === null) {
    return deriveWeights(derivation.parse(row.derivation), { source: { workload, data }, tasks }, outcomes);
  }
  return { weights: Object.fromEntries(tasks.map((task) => [task, shared[task] ?? 0])), note };
}

async function fillIn(
  transaction: Queryable,
  row: ReadyRow,
  { weights, note }: Exclude<Derived, { fault: ErrorRecord }>,
): Promise<void> {
  const how = derivation.parse(row.derivation);
  const ownOfSeed = how.kind === 'replay' && how.over === 'seed';
  const config = { ...trialConfig.parse(row.config), weighting: { method: 'fixed', weights } };
  // The row's label already shows its weights when another of its seeds came first.
  const label =
    ownOfSeed || row.setting_weights !== null
      ? row.setting_label
      : `${row.setting_label} (${weightsText(row.tasks, weights)})`;
  const ofRow = Object.fromEntries(row.sweep_tasks.map((task) => [task, weights[task] ?? 0]));
  await transaction.$executeRaw`
    UPDATE trial SET config = ${JSON.stringify(config)}::jsonb, label = ${trialLabel(label, row.seed)}, derived_at = now()
    WHERE id = ${row.id}`;
  await transaction.$executeRaw`
    UPDATE setting SET note = ${note}, label = ${label},
      weights = CASE WHEN ${ownOfSeed} THEN weights ELSE ${JSON.stringify(ofRow)}::jsonb END
    WHERE sweep_id = ${row.sweep_id} AND key = ${row.setting_key} AND note IS NULL`;
}

/** What the trials that these ones need ended with, by the trial that needs it. */
async function readOutcomes(transaction: Queryable, trialIds: readonly string[]): Promise<Map<string, Outcome[]>> {
  if (trialIds.length === 0) return new Map();
  const edges = await transaction.$queryRaw<NeededRow[]>`
    SELECT d.trial_id, d.needs_id, n.setting_key, s.position, s.label, s.kind, s.tasks, s.weights,
      n.state = 'succeeded' AS succeeded
    FROM trial_dependency d JOIN trial n ON n.id = d.needs_id
    JOIN setting s ON s.sweep_id = n.sweep_id AND s.key = n.setting_key
    JOIN trial t ON t.id = d.trial_id
    WHERE d.trial_id = ANY(${[...trialIds]}::text[]) AND t.derivation->>'kind' <> 'search'`;
  const needed = [...edges, ...(await readSearched(transaction, trialIds))];
  const numbers = await transaction.$queryRaw<NumberRow[]>`
    SELECT DISTINCT ON (m.trial_id, m.split, m.task, m.metric) m.trial_id, m.split, m.task, m.metric, m.value
    FROM trial n JOIN metric m ON m.trial_id = n.id AND m.attempt = n.attempt
    WHERE n.id = ANY(${[...new Set(needed.map((row) => row.needs_id))]}::text[]) AND n.state = 'succeeded'
      AND (m.split = 'validation' OR (m.split = 'train' AND m.metric = ${weightingMetrics.weight}))
    ORDER BY m.trial_id, m.split, m.task, m.metric, m.epoch DESC`;
  const numbersOf = groupedBy(numbers, (row) => row.trial_id);
  const outcomeOf = (row: NeededRow): Outcome => {
    const own = numbersOf.get(row.needs_id) ?? [];
    const { setting_key: key, position, label, kind, tasks, weights, succeeded } = row;
    const ends = own.filter(({ split }) => split === 'train').map(({ task, value }) => [task, value] as const);
    return {
      setting: { key, position, label, kind, tasks, weights },
      succeeded,
      finalWeights: Object.fromEntries(ends),
      validation: own.filter(({ split }) => split === 'validation'),
    };
  };
  const rowsOf = groupedBy(needed, (row) => row.trial_id);
  return new Map([...rowsOf].map(([trialId, rows]) => [trialId, rows.map(outcomeOf)]));
}

/**
 * What a point of a search is told: the single-task networks and all fixed weights before its round, of its own
 * architecture. It waits for the round before it alone; that one has waited for the others.
 */
async function readSearched(transaction: Queryable, trialIds: readonly string[]): Promise<NeededRow[]> {
  return transaction.$queryRaw<NeededRow[]>`
    SELECT t.id AS trial_id, n.id AS needs_id, n.setting_key, s.position, s.label, s.kind, s.tasks, s.weights,
      n.state = 'succeeded' AS succeeded
    FROM trial t JOIN setting own ON own.sweep_id = t.sweep_id AND own.key = t.setting_key
    JOIN setting s ON s.sweep_id = t.sweep_id
    JOIN trial n ON n.sweep_id = s.sweep_id AND n.setting_key = s.key
    WHERE t.id = ANY(${[...trialIds]}::text[]) AND t.derivation->>'kind' = 'search'
      AND s.basis IS NOT DISTINCT FROM own.basis
      AND (s.kind = 'single' OR (s.kind = 'fixed' AND s.tasks = own.tasks
        AND n.config->'model' = t.config->'model' AND s.weights IS NOT NULL
        AND (n.derivation IS NULL OR (n.derivation->>'kind' = 'search'
          AND (n.derivation->>'round')::int < (t.derivation->>'round')::int))))`;
}

function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
