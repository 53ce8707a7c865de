import type { Queryable } from '../../shared/db/connect.js';
import type { Derivation } from '../../shared/derivation.js';
import { trialId } from '../../shared/ids.js';
import type { StoppingRole } from '../../shared/plan/stopping-roles.js';
import { textArrayLiteral } from './array-literal.js';
import type { TrialConfig } from '../../shared/trial-config.js';
import type { TrialState } from '../../shared/trial-state.js';

/** A planned trial as it is stored. */
export interface StoredTrial {
  readonly position: number;
  readonly settingKey: string;
  readonly label: string;
  readonly seed: number;
  readonly config: TrialConfig;
  readonly derivation: Derivation | null;
  /** Positions of the trials that it waits for. */
  readonly needs: readonly { readonly position: number; readonly mayLack: boolean }[];
  readonly stopping: StoppingRole | null;
}

/** Rows of one statement: keeps a message to the database at a few megabytes. */
const chunk = 2000;
const dependencyChunk = 20_000;

/** Stores the trials of a sweep, what they wait for, and the rings of those that wait for nothing. */
export async function insertTrials(
  transaction: Queryable,
  sweepId: string,
  { trials, maxFailures }: { readonly trials: readonly StoredTrial[]; readonly maxFailures: number },
): Promise<void> {
  const ids = trials.map(({ config, derivation }) =>
    // The weights of a derived trial are not known yet: how they will come about tells it from its neighbours.
    trialId(sweepId, derivation === null ? config : { ...config, derivation }),
  );
  for (let start = 0; start < trials.length; start += chunk) {
    await insertChunk(
      transaction,
      sweepId,
      maxFailures,
      ids.slice(start, start + chunk),
      trials.slice(start, start + chunk),
    );
  }
  await insertDependencies(transaction, ids, trials);
  // More than may run at once need no ring yet: each end makes room for another one.
  await transaction.$executeRaw`
    INSERT INTO outbox (sweep_id, trial_id)
    SELECT sweep_id, id FROM trial WHERE sweep_id = ${sweepId} AND state = 'queued' ORDER BY position
    LIMIT (SELECT max_running FROM schedule WHERE sweep_id = ${sweepId})`;
}

async function insertChunk(
  transaction: Queryable,
  sweepId: string,
  maxFailures: number,
  ids: readonly string[],
  trials: readonly StoredTrial[],
): Promise<void> {
  const states = trials.map(({ needs }): TrialState => (needs.length === 0 ? 'queued' : 'waiting'));
  const texts = (of: (trial: StoredTrial) => string): string => textArrayLiteral(trials.map(of));
  await transaction.$executeRaw`
    INSERT INTO trial (id, sweep_id, setting_key, position, label, seed, config, max_failures, state, derivation, stopping)
    SELECT t.id, ${sweepId}, t.setting_key, t.position, t.label, t.seed, t.config::jsonb, ${maxFailures}, t.state,
      NULLIF(t.derivation, '')::jsonb, NULLIF(t.stopping, '')
    FROM unnest(
      ${textArrayLiteral(ids)}::text::text[], ${texts((trial) => trial.settingKey)}::text::text[],
      ${trials.map((trial) => trial.position)}::int[], ${texts((trial) => trial.label)}::text::text[],
      ${trials.map((trial) => trial.seed)}::int[], ${texts((trial) => JSON.stringify(trial.config))}::text::text[],
      ${states}::text[], ${texts(({ derivation }) => (derivation === null ? '' : JSON.stringify(derivation)))}::text::text[],
      ${texts((trial) => trial.stopping ?? '')}::text::text[]
    ) AS t(id, setting_key, position, label, seed, config, state, derivation, stopping)`;
}

async function insertDependencies(
  transaction: Queryable,
  ids: readonly string[],
  trials: readonly StoredTrial[],
): Promise<void> {
  const idAt = new Map(trials.map(({ position }, index) => [position, ids[index] ?? '']));
  const edges = trials.flatMap(({ needs }, index) =>
    needs.map(({ position, mayLack }) => ({ id: ids[index] ?? '', needs: idAt.get(position) ?? '', mayLack })),
  );
  for (let start = 0; start < edges.length; start += dependencyChunk) {
    const some = edges.slice(start, start + dependencyChunk);
    await transaction.$executeRaw`
      INSERT INTO trial_dependency (trial_id, needs_id, may_lack)
      SELECT * FROM unnest(
        ${some.map((edge) => edge.id)}::text[], ${some.map((edge) => edge.needs)}::text[],
        ${some.map((edge) => edge.mayLack)}::bool[])`;
  }
}
