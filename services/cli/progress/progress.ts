import { formatDuration } from '../../shared/format-duration.js';
import type { TrialCounts } from '../../shared/trial-state.js';
import type { TrialSummary } from '../../shared/messages/commands.js';

/** How far a sweep is; fractions count the steps of running trials. */
export interface Progress {
  readonly total: number;
  readonly ended: number;
  readonly running: number;
  readonly failed: number;
  readonly stopped: number;
  /** Ended trials and parts of running ones, in trials. */
  readonly done: number;
  /** Trials a minute since watching began; undefined until something has moved. */
  readonly perMinute: number | undefined;
  readonly secondsLeft: number | undefined;
}

type Stepped = Pick<TrialSummary, 'state' | 'step' | 'steps'>;

/**
 * Sums a sweep's trials up as work done, in units of trials.
 * @param trials those that run, and any others
 */
export function workDone(counts: TrialCounts, trials: readonly Stepped[]): number {
  return trials.reduce((sum, { state, step, steps }) => {
    if (state !== 'running' || step === null || steps === null) return sum;
    return sum + Math.min(1, step / steps);
  }, endedOf(counts));
}

function endedOf({ succeeded, failed, stopped, cancelled }: TrialCounts): number {
  return succeeded + failed + stopped + cancelled;
}

/**
 * @param doneBefore work done when watching began, so that a resumed sweep's rate counts only what was trained since
 * @param elapsedSeconds time since watching began
 */
export function sweepProgress(
  counts: TrialCounts,
  trials: readonly Stepped[],
  doneBefore: number,
  elapsedSeconds: number,
): Progress {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const done = workDone(counts, trials);
  const moved = done - doneBefore;
  const rate = moved > 0 && elapsedSeconds > 0 ? moved / elapsedSeconds : undefined;
  return {
    total,
    ended: endedOf(counts),
    running: counts.running,
    failed: counts.failed,
    stopped: counts.stopped,
    done,
    perMinute: rate === undefined ? undefined : rate * 60,
    secondsLeft: rate === undefined ? undefined : (total - done) / rate,
  };
}

/** One line: bar, trials done, running, failed, rate, time left. */
export function progressLine(progress: Progress, barWidth = 24): string {
  const filled = progress.total === 0 ? 0 : Math.round((progress.done / progress.total) * barWidth);
  const parts = [
    `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${String(progress.ended)}/${String(progress.total)} trials`,
    `${String(progress.running)} running`,
    ...(progress.failed > 0 ? [`${String(progress.failed)} failed`] : []),
    ...(progress.stopped > 0 ? [`${String(progress.stopped)} stopped early`] : []),
    ...(progress.perMinute === undefined ? [] : [`${progress.perMinute.toFixed(1)} trials/min`]),
    ...(progress.secondsLeft === undefined || progress.ended === progress.total
      ? []
      : [`${formatDuration(progress.secondsLeft)} left`]),
  ];
  return parts.join(' · ');
}
