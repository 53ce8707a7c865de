import { Prisma } from '../../shared/db/connect.js';
import { claimable, openSweeps } from '../../shared/db/open-sweeps.js';
import { transition } from './transition.js';

/** What a worker has, as far as sweeps may ask for it. Claims of workers with the same are answered together. */
export interface Capabilities {
  readonly backend: string;
  /** Of its device; undefined where it is not known, which is less than anything asked for. */
  readonly memoryBytes?: number | undefined;
  readonly labels: readonly string[];
  /** The programs that it may run. */
  readonly commands: readonly string[];
}

/** One free slot of a worker that asks for a trial. */
export interface Claim extends Capabilities {
  readonly workerId: string;
  readonly claimId: string;
  readonly device: string;
}

const claimed = transition('claimed');

/** The condition on an open sweep (`o`) that a worker has what its trials need. */
function suits({ backend, memoryBytes, labels, commands }: Capabilities): Prisma.Sql {
  return Prisma.sql`
    (cardinality(o.backends) = 0 OR ${backend} = ANY(o.backends))
    AND coalesce(o.memory_bytes, 0) <= ${memoryBytes ?? 0}::int8
    AND o.labels <@ ${[...labels]}::text[] AND o.commands <@ ${[...commands]}::text[]`;
}

/**
 * The statement that gives trials to claims of workers with the same capabilities; a claim that was answered before gets
 * none. The order of what is given:
 *
 * 1. the priority, of sweep and trial together;
 * 2. among equals the sweep with the fewest trials at once for its share, those given in this statement included;
 * 3. among equals of these, as always where there is one slot only, the sweep whose turn it is. Turns are those of
 *    start-time fair queueing (Goyal, Vin & Cheng, SIGCOMM 1996): each start moves a sweep's turn on by 1/share, and a
 *    sweep that had nothing to start, or is new, joins where the others are.
 *
 * Of each sweep only as many rows are read as may be given, by an index in this order, whatever number is queued. Rows
 * that somebody else holds are passed over.
 *
 * To be run under the claims' lock: limits and turns are counted, and must not be counted by two at once.
 */
export function takeStatement(claims: readonly Claim[], leaseSeconds: number): Prisma.Sql {
  const [first] = claims;
  if (first === undefined) throw new Error('there is no claim to take trials for');
  const next = (condition: Prisma.Sql, most: Prisma.Sql): Prisma.Sql => Prisma.sql`
    SELECT t.id, t.priority, t.position FROM trial t
    WHERE t.sweep_id = o.id AND ${claimable} AND ${condition}
    ORDER BY t.priority DESC, t.position LIMIT least(${most}, ${claims.length}) FOR NO KEY UPDATE SKIP LOCKED`;
  return Prisma.sql`
    WITH asked AS (
      SELECT w.*, row_number() OVER (ORDER BY w.n) AS place FROM unnest(
        ${claims.map((claim) => claim.workerId)}::text[], ${claims.map((claim) => claim.claimId)}::text[],
        ${claims.map((claim) => claim.backend)}::text[], ${claims.map((claim) => claim.device)}::text[]
      ) WITH ORDINALITY AS w(worker_id, claim_id, backend, device, n)
      WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.claim_id = w.claim_id)
    ), every AS MATERIALIZED (${openSweeps}
    ), round AS (
      SELECT coalesce(max(turn - 1 / share), 0) AS at FROM every
    ), o AS MATERIALIZED (
      SELECT o.*, greatest(o.turn, round.at) AS start FROM every o, round
      WHERE o.released AND o.room > 0 AND ${suits(first)}
    ), candidate AS (
      SELECT o.id AS sweep_id, t.id, t.priority,
        row_number() OVER (PARTITION BY o.id ORDER BY t.priority DESC, t.begun DESC, t.position) AS k
      FROM o CROSS JOIN LATERAL (
        SELECT b.*, true AS begun FROM (${next(Prisma.sql`t.attempt > 0`, Prisma.sql`o.room`)}) b
        UNION ALL
        SELECT f.*, false FROM (${next(Prisma.sql`t.attempt = 0`, Prisma.sql`o.room, o.fresh_room`)}) f
      ) t
    ), chosen AS (
      SELECT c.id, row_number() OVER (ORDER BY o.priority + c.priority DESC, (o.running + c.k - 1) / o.share,
        o.start + (c.k - 1) / o.share, o.created_at, o.id, c.k) AS place
      FROM candidate c JOIN o ON o.id = c.sweep_id WHERE c.k <= o.room
    ), taken AS (
      UPDATE trial t SET state = ${claimed.to}, attempt = t.attempt + 1, worker_id = w.worker_id,
        lease_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::float8), started_at = now(),
        step = NULL, steps = NULL
      FROM chosen c JOIN asked w ON w.place = c.place
      WHERE t.id = c.id AND t.state = ANY(${claimed.from}::text[])
      RETURNING t.id, t.sweep_id, t.attempt, t.label, t.config, w.claim_id, w.worker_id, w.backend, w.device
    ), made AS (
      INSERT INTO attempt (trial_id, number, claim_id, worker_id, backend, device)
      SELECT id, attempt, claim_id, worker_id, backend, device FROM taken
    ), counted AS (
      UPDATE schedule c SET started = c.started + n.fresh, turn = greatest(c.turn, round.at) + n.trials / c.share
      FROM round, (
        SELECT sweep_id, count(*) AS trials, count(*) FILTER (WHERE attempt = 1) AS fresh FROM taken GROUP BY sweep_id
      ) n WHERE c.sweep_id = n.sweep_id
    )
    SELECT claim_id, id, sweep_id, attempt, label, config FROM taken`;
}
