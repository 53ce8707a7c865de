import { Prisma, type Queryable } from '../../shared/db/connect.js';
import { nameArrayLiteral, numberArrayLiteral, textArrayLiteral } from './array-literal.js';
import type { Verdict } from './judge-reports.js';
import { storableText } from './storable-text.js';

// Each statement carries the fence once more: an attempt that lost its trial writes nothing, whoever calls. The same row
// twice is no conflict but a report that was sent twice.

/**
 * Numbers of attempts, keyed by (trial, attempt, epoch, split, task, metric). To look for each point before it is written
 * costs as much as writing it, and hardly ever one is there already.
 * @param repeated whether some may be there already, which are passed over; otherwise they are a violation of the key
 */
export async function writeMetrics(
  transaction: Queryable,
  reported: Verdict['points'],
  repeated: boolean,
): Promise<void> {
  const points = reported.flatMap((one) => one.points);
  if (points.length === 0) return;
  const owners = reported.flatMap(({ points: own }, index) => own.map(() => index + 1));
  await transaction.$executeRaw`
    INSERT INTO metric (trial_id, attempt, epoch, split, task, metric, value)
    SELECT o.trial_id, o.attempt, p.epoch, p.split, p.task, p.metric, p.value
    FROM unnest(
      ${numberArrayLiteral(owners)}::text::int[],
      ${numberArrayLiteral(points.map((point) => point.epoch))}::text::int[],
      ${nameArrayLiteral(points.map((point) => point.split))}::text::text[],
      ${nameArrayLiteral(points.map((point) => point.task))}::text::text[],
      ${nameArrayLiteral(points.map((point) => point.metric))}::text::text[],
      ${numberArrayLiteral(points.map((point) => point.value))}::text::float8[]
    ) AS p(owner, epoch, split, task, metric, value)
    JOIN unnest(
      ${textArrayLiteral(reported.map((one) => one.trialId))}::text::text[],
      ${numberArrayLiteral(reported.map((one) => one.attempt))}::text::int[]
    ) WITH ORDINALITY AS o(trial_id, attempt, number) ON o.number = p.owner
    JOIN attempt a ON a.trial_id = o.trial_id AND a.number = o.attempt
      AND a.outcome NOT IN ('lease-expired', 'stopped', 'cancelled')
    ${repeated ? Prisma.sql`ON CONFLICT DO NOTHING` : Prisma.empty}`;
}

export async function writeLogLines(transaction: Queryable, lines: Verdict['lines']): Promise<void> {
  if (lines.length === 0) return;
  await transaction.$executeRaw`
    INSERT INTO log_line (trial_id, attempt, seq, at, level, text)
    SELECT l.trial_id, l.attempt, l.seq, l.at::timestamptz, l.level, l.text
    FROM unnest(
      ${lines.map((line) => line.trialId)}::text[], ${lines.map((line) => line.attempt)}::int[],
      ${lines.map((line) => line.seq)}::int[], ${lines.map((line) => line.at)}::text[],
      ${lines.map((line) => line.level)}::text[], ${lines.map((line) => storableText(line.text))}::text[]
    ) AS l(trial_id, attempt, seq, at, level, text)
    JOIN attempt a ON a.trial_id = l.trial_id AND a.number = l.attempt
      AND a.outcome NOT IN ('lease-expired', 'stopped', 'cancelled')
    ON CONFLICT DO NOTHING`;
}

export async function writePictures(transaction: Queryable, pictures: Verdict['pictures']): Promise<void> {
  if (pictures.length === 0) return;
  await transaction.$executeRaw`
    INSERT INTO picture (trial_id, attempt, epoch, sample, task, kind, png, numbers)
    SELECT p.trial_id, p.attempt, p.epoch, p.sample, p.task, p.kind, decode(p.png, 'base64'), p.numbers
    FROM unnest(
      ${pictures.map((picture) => picture.trialId)}::text[], ${pictures.map((picture) => picture.attempt)}::int[],
      ${pictures.map((picture) => picture.epoch)}::int[], ${pictures.map((picture) => picture.sample)}::int[],
      ${pictures.map((picture) => picture.task)}::text[], ${pictures.map((picture) => picture.kind)}::text[],
      ${pictures.map((picture) => picture.png)}::text[],
      ${pictures.map(({ numbers }) => (numbers === undefined ? null : JSON.stringify(numbers)))}::text[]
    ) AS p(trial_id, attempt, epoch, sample, task, kind, png, numbers)
    JOIN attempt a ON a.trial_id = p.trial_id AND a.number = p.attempt
      AND a.outcome NOT IN ('lease-expired', 'stopped', 'cancelled')
    ON CONFLICT DO NOTHING`;
}

/** Begins the leases of running attempts anew and notes their progress. */
export async function extendLeases(
  transaction: Queryable,
  beats: Verdict['beats'],
  leaseSeconds: number,
): Promise<void> {
  if (beats.length === 0) return;
  await transaction.$executeRaw`
    UPDATE trial t SET lease_until = now() + make_interval(secs => ${leaseSeconds}::float8),
      step = coalesce(NULLIF(b.step, -1), t.step), steps = coalesce(NULLIF(b.steps, -1), t.steps)
    FROM unnest(
      ${beats.map((beat) => beat.trialId)}::text[], ${beats.map((beat) => beat.attempt)}::int[],
      ${beats.map((beat) => beat.step ?? -1)}::int[], ${beats.map((beat) => beat.steps ?? -1)}::int[]
    ) AS b(trial_id, attempt, step, steps)
    WHERE t.id = b.trial_id AND t.attempt = b.attempt AND t.state = 'running'`;
}
