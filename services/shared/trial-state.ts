/**
 * The law of trial states.
 *
 * A trial that depends on others is `waiting` until all of them have succeeded; the others begin as `queued`.
 *
 * A trial is `queued` until a coordinator grants a worker's claim, which makes it `running` with a new attempt number
 * and a lease. While it is running only that attempt may write to it. A lease that expires, or a worker that hands the
 * trial back, makes it `queued` again. The other states are terminal: a terminal row never changes, but for `retry`,
 * which is a person's command: it takes a failed, stopped or cancelled trial back to `queued`.
 */
export const trialStates = ['waiting', 'queued', 'running', 'succeeded', 'failed', 'stopped', 'cancelled'] as const;
export type TrialState = (typeof trialStates)[number];

export const terminalStates = ['succeeded', 'failed', 'stopped', 'cancelled'] as const satisfies readonly TrialState[];

/** What may follow each state, and by which event. The database's statements and constraints follow this table. */
export const transitions: Readonly<Record<TrialState, Readonly<Partial<Record<TrialState, readonly string[]>>>>> = {
  waiting: { queued: ['dependencies-met'], failed: ['dependency-failed'], cancelled: ['cancel'] },
  queued: { running: ['claimed'], stopped: ['stopped-early'], cancelled: ['cancel'] },
  running: {
    queued: ['lease-expired', 'handed-back', 'attempt-failed'],
    succeeded: ['finished'],
    failed: ['attempts-exhausted'],
    stopped: ['stopped-early'],
    cancelled: ['cancel'],
  },
  succeeded: {},
  failed: { waiting: ['retry'] },
  stopped: { waiting: ['retry'] },
  cancelled: { waiting: ['retry'] },
};

export function isTerminal(state: TrialState): boolean {
  return (terminalStates as readonly TrialState[]).includes(state);
}

/** How an attempt ended; `running` while it has not. */
export const attemptOutcomes = [
  'running',
  'succeeded',
  'failed',
  'lease-expired',
  'handed-back',
  'stopped',
  'cancelled',
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const sweepStates = ['running', 'completed', 'cancelled'] as const;
export type SweepState = (typeof sweepStates)[number];

export type TrialCounts = Readonly<Record<TrialState, number>>;

/** A sweep's state follows from its trials: it runs while one of them is not terminal. */
export function sweepState(counts: TrialCounts): SweepState {
  if (counts.waiting + counts.queued + counts.running > 0) return 'running';
  return counts.succeeded + counts.failed + counts.stopped === 0 && counts.cancelled > 0 ? 'cancelled' : 'completed';
}
