import { describe, expect, it } from 'vitest';
import { progressLine, sweepProgress, workDone } from '../../services/cli/progress/progress.js';
import { formatDuration } from '../../services/shared/format-duration.js';

const trial = (
  state: 'queued' | 'running' | 'succeeded' | 'failed',
  step: number | null = null,
  steps: number | null = null,
) => ({
  state,
  step,
  steps,
});

describe('progress of a sweep', () => {
  it('counts ended trials whole and running ones by their steps', () => {
    expect(
      workDone({ waiting: 0, queued: 1, running: 2, succeeded: 1, failed: 1, stopped: 0, cancelled: 0 }, [
        ...[trial('failed'), trial('running', 25, 100), trial('running')],
      ]),
    ).toBe(2.25);
  });

  it('takes rate and time left from what was done since watching began', () => {
    const counts = { waiting: 0, queued: 5, running: 1, succeeded: 4, failed: 0, stopped: 0, cancelled: 0 };
    const trials = [trial('running', 50, 100)];
    // 4.5 done, 2.5 of them before: 2 trials in 60 s, 5.5 left.
    const progress = sweepProgress(counts, trials, 2.5, 60);
    expect(progress.perMinute).toBeCloseTo(2);
    expect(progress.secondsLeft).toBeCloseTo(165);
    expect(progressLine(progress, 10)).toBe('█████░░░░░ 4/10 trials · 1 running · 2.0 trials/min · 2 min 45 s left');
  });

  it('claims no rate before anything has moved', () => {
    const counts = { waiting: 0, queued: 2, running: 0, succeeded: 0, failed: 0, stopped: 0, cancelled: 0 };
    expect(sweepProgress(counts, [trial('queued'), trial('queued')], 0, 3).secondsLeft).toBeUndefined();
  });

  it('writes durations with two units', () => {
    expect([0.4, 59, 75, 4000].map(formatDuration)).toEqual(['0 s', '59 s', '1 min 15 s', '1 h 6 min']);
  });
});
