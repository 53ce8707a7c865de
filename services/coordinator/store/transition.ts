import { transitions, trialStates, type TrialState } from '../../shared/trial-state.js';

/** What can happen to a trial, as named in the table of transitions. */
export type TrialEvent =
  | 'dependencies-met'
  | 'dependency-failed'
  | 'claimed'
  | 'lease-expired'
  | 'handed-back'
  | 'attempt-failed'
  | 'attempts-exhausted'
  | 'finished'
  | 'stopped-early'
  | 'cancel'
  | 'retry';

export interface Transition {
  /** States in which the event may happen: what the statement's WHERE is bound to. */
  readonly from: TrialState[];
  /** The state that follows: what the statement's SET is bound to. */
  readonly to: TrialState;
}

/** Looks an event up in the table of transitions, so that the statements obey the table and not a copy of it. */
export function transition(event: TrialEvent): Transition {
  const moves = trialStates.flatMap((from) =>
    trialStates.filter((to) => transitions[from][to]?.includes(event)).map((to) => ({ from, to })),
  );
  const targets = [...new Set(moves.map((move) => move.to))];
  const [to] = targets;
  if (to === undefined || targets.length > 1) {
    throw new Error(`the event ${event} must lead to exactly one state, not to [${targets.join(', ')}]`);
  }
  return { from: moves.map((move) => move.from), to };
}
