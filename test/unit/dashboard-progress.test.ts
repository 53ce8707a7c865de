import { describe, expect, it } from 'vitest';
import { formatAgo, formatEstimate } from '../../services/dashboard/format.js';
import { formatDuration } from '../../services/shared/format-duration.js';
import { sweepProgress } from '../../services/dashboard/progress.js';

const start = new Date('2026-01-01T00:00:00Z');
const after = (seconds: number): Date => new Date(start.getTime() + seconds * 1000);
const none = { waiting: 0, queued: 0, running: 0, succeeded: 0, failed: 0, stopped: 0, cancelled: 0 };

describe('progress of a sweep', () => {
  it('tells rate and time left from the work done so far', () => {
    const progress = sweepProgress({
      counts: { ...none, queued: 5, running: 2, succeeded: 2, failed: 1 },
      runningWork: 1,
      firstStartedAt: start,
      lastEndedAt: after(200),
      now: after(240),
    });
    // 4 trials' work in 240 s is one a minute; 6 trials' work is left.
    expect(progress).toMatchObject({ total: 10, ended: 3, share: 0.4, elapsed: 240, trialsPerMinute: 1, left: 360 });
  });

  it('stops the clock at the last end and leaves nothing to wait for', () => {
    const progress = sweepProgress({
      counts: { ...none, succeeded: 4 },
      runningWork: 0,
      firstStartedAt: start,
      lastEndedAt: after(120),
      now: after(5000),
    });
    expect(progress).toMatchObject({ share: 1, elapsed: 120, trialsPerMinute: 2, left: undefined });
  });

  it('guesses nothing before anything has moved', () => {
    const facts = { runningWork: 0, firstStartedAt: null, lastEndedAt: null, now: start };
    expect(sweepProgress({ ...facts, counts: { ...none, queued: 3 } })).toMatchObject({
      share: 0,
      elapsed: undefined,
      left: undefined,
      trialsPerMinute: undefined,
    });
    expect(sweepProgress({ ...facts, counts: none }).share).toBe(0);
  });

  it('does not take cancelled trials for speed', () => {
    const progress = sweepProgress({
      counts: { ...none, queued: 1, succeeded: 1, cancelled: 8 },
      runningWork: 0,
      firstStartedAt: start,
      lastEndedAt: after(60),
      now: after(60),
    });
    expect(progress.trialsPerMinute).toBe(1);
    expect(progress.left).toBe(60);
  });
});

describe('text forms', () => {
  it.each([
    [0, '0 s'],
    [59.4, '59 s'],
    [60, '1 min 0 s'],
    [3_599, '59 min 59 s'],
    [4_000, '1 h 6 min'],
    [200_000, '2 d 7 h'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [0.2, '5 s'],
    [118, '2 min 0 s'],
    [2_148, '36 min'],
    [4_000, '1 h 7 min'],
  ])('about %d seconds are %s', (seconds, text) => {
    expect(formatEstimate(seconds)).toBe(text);
  });

  it.each([
    [1, 'just now'],
    [45, '45 s ago'],
    [120, '2 min ago'],
    [7_200, '2 h ago'],
  ])('%d seconds ago is %s', (seconds, text) => {
    expect(formatAgo(seconds)).toBe(text);
  });
});
