import { Prisma, type Database } from '../../shared/db/connect.js';
import { ringStartable } from './startable.js';
import { expectTarget, type Target } from './target.js';

/** What of a schedule can be changed afterwards; what is left out stays, null takes a limit away. */
export interface ScheduleChange {
  readonly priority?: number | undefined;
  readonly share?: number | undefined;
  readonly maxRunning?: number | null | undefined;
  readonly budgetTrials?: number | null | undefined;
  readonly budgetHours?: number | null | undefined;
}

/**
 * Changes when the trials of a sweep are started, or the priority of one trial, and rings for what can be started now.
 * @returns the sweep
 * @throws SigmasweepError NOT_FOUND
 */
export async function reschedule(database: Database, target: Target, change: ScheduleChange): Promise<string> {
  await expectTarget(database, target);
  const { priority, share, maxRunning, budgetTrials, budgetHours } = change;
  const seconds = budgetHours == null ? budgetHours : budgetHours * 3600;
  const set = (column: string, value: number | null | undefined): Prisma.Sql =>
    value === undefined ? Prisma.sql`${Prisma.raw(column)}` : Prisma.sql`${value}`;
  const [row] =
    target.trialId === undefined
      ? await database.$queryRaw<{ sweep_id: string }[]>`
          UPDATE schedule SET priority = ${set('priority', priority)}, share = ${set('share', share)},
            max_running = ${set('max_running', maxRunning)}, budget_trials = ${set('budget_trials', budgetTrials)},
            budget_seconds = ${set('budget_seconds', seconds)}
          WHERE sweep_id = ${target.sweepId} RETURNING sweep_id`
      : await database.$queryRaw<{ sweep_id: string }[]>`
          UPDATE trial SET priority = ${set('priority', priority)}
          WHERE id = ${target.trialId} AND ended_at IS NULL RETURNING sweep_id`;
  const sweepId = row?.sweep_id ?? '';
  // A priority lets nothing be started that could not before.
  if (maxRunning !== undefined || budgetTrials !== undefined || budgetHours !== undefined) {
    await ringStartable(database, [sweepId]);
  }
  return sweepId;
}
