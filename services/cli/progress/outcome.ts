import type { CommandResponse } from '../../shared/messages/commands.js';

/** How many of many similar lines are shown. */
const shownAtMost = 20;

/**
 * What a person must know of an ended sweep besides its table: which trials have no result and what to do about it.
 * @returns lines, and the exit code: 1 when a trial has no result
 */
export function outcomeOf(end: CommandResponse<'show'>): { lines: readonly string[]; exitCode: number } {
  const { failed, cancelled } = end.sweep.counts;
  if (failed + cancelled === 0) return { lines: [], exitCode: 0 };
  const failures = end.trials.filter(({ state }) => state === 'failed');
  const lines = failures.slice(0, shownAtMost).map(({ label, error }) => `failed: ${label}: ${error ?? ''}`);
  const summary = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
  ].join(' and ');
  return {
    lines: [
      ...lines,
      ...(failures.length > shownAtMost ? [`… and ${failures.length - shownAtMost} more`] : []),
      `Not in the table: ${summary}. \`sigmasweep retry ${end.sweep.sweepId}\` queues them again.`,
    ],
    exitCode: 1,
  };
}
