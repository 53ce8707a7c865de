import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { metrics } from '../metrics.js';
import { stopEarly } from '../store/stop-early.js';
import type { Effects } from './effects.js';
import { createLoop, type Loop } from './loop.js';

/** Every sweep is looked at so often, in milliseconds, also when this coordinator has recorded nothing of it. */
const everyMs = 5_000;

export interface EarlyStopper extends Loop {
  /** Lets sweeps be judged soon: numbers of theirs were recorded. */
  readonly judge: (sweepIds: Iterable<string>) => void;
}

/** Stops trials that fall behind. What it has to know is in the database: a wake that is lost costs seconds. */
export function createEarlyStopper(database: Database, effects: Effects, logger: Logger): EarlyStopper {
  let due = new Set<string>();
  let lookedAt = -Infinity;
  const loop = createLoop({
    name: 'early-stopper',
    logger,
    everyMs,
    pass: async () => {
      const all = performance.now() - lookedAt >= everyMs;
      const among = due;
      due = new Set();
      if (all) lookedAt = performance.now();
      else if (among.size === 0) return 'done';
      const { sweepIds, lost, stopped, queuedAgain } = await stopEarly(database, all ? undefined : [...among]);
      for (const { id, message } of stopped) logger.info({ trialId: id }, `stopped early: ${message}`);
      metrics.stoppedEarly.inc(stopped.length);
      effects.stopAttempts(lost);
      effects.changed(sweepIds);
      if (queuedAgain) effects.ring();
      return due.size > 0 ? 'again' : 'done';
    },
  });
  return {
    ...loop,
    judge: (sweepIds) => {
      for (const sweepId of sweepIds) due.add(sweepId);
      loop.wake();
    },
  };
}
