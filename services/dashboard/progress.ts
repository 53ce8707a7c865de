import type { TrialCounts } from '../shared/trial-state.js';

/** What a sweep's progress is computed from; times are the database's. */
export interface ProgressFacts {
  readonly counts: TrialCounts;
  /** Parts done of the running trials, summed, in trials. */
  readonly runningWork: number;
  readonly firstStartedAt: Date | null;
  readonly lastEndedAt: Date | null;
  readonly now: Date;
}

/** How far a sweep is. Durations are in seconds. */
export interface Progress {
  readonly total: number;
  /** Trials in a terminal state. */
  readonly ended: number;
  /** Work done as a share of the whole, 0 to 1; running trials count by their steps. */
  readonly share: number;
  /** From the first trial's start to now, or to the last end once nothing is left to do. */
  readonly elapsed: number | undefined;
  readonly trialsPerMinute: number | undefined;
  readonly left: number | undefined;
}

/**
 * Estimates from the mean speed so far. Cancelled trials did no work, so they count as ended but not for the speed.
 */
export function sweepProgress(facts: ProgressFacts): Progress {
  const { counts } = facts;
  const ended = counts.succeeded + counts.failed + counts.stopped + counts.cancelled;
  const waiting = counts.waiting + counts.queued + counts.running;
  const total = ended + waiting;
  const end = waiting > 0 ? facts.now : facts.lastEndedAt;
  const elapsed =
    facts.firstStartedAt === null || end === null
      ? undefined
      : Math.max(0, (end.getTime() - facts.firstStartedAt.getTime()) / 1000);
  const worked = ended - counts.cancelled + facts.runningWork;
  const perSecond = elapsed !== undefined && elapsed > 0 && worked > 0 ? worked / elapsed : undefined;
  return {
    total,
    ended,
    share: total === 0 ? 0 : (ended + facts.runningWork) / total,
    elapsed,
    trialsPerMinute: perSecond === undefined ? undefined : perSecond * 60,
    left: perSecond === undefined || waiting === 0 ? undefined : (waiting - facts.runningWork) / perSecond,
  };
}
