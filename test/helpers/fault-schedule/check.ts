import { isTerminal, transitions, type TrialState } from '../../../services/shared/trial-state.js';
import type { History } from './history.js';
import { pointKey } from './noted-sink.js';
import { allPointsOf, valueOf } from './toy-points.js';

/** What a history breaks. Every list is empty when all holds; each line names the trial. */
export interface Findings {
  /** Trials without a terminal state. */
  readonly stuck: readonly string[];
  /** Planned trials that are not there, and numbers that were acknowledged, or belong to a success, and are not. */
  readonly lost: readonly string[];
  /** Trials that ended or succeeded more than once, and numbers that are in the table more than once. */
  readonly doubled: readonly string[];
  /** Numbers in the table that no toy has said. */
  readonly wrong: readonly string[];
  /** Changes of state that the law of states does not have. */
  readonly unlawful: readonly string[];
  /** Numbers that went away with a deleted stream, which nothing can bring back. */
  readonly goneWithStream: number;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Checks the invariants. Pure: the same history always gives the same findings. */
export function checkHistory(history: History): Findings {
  const stuck = history.trials.filter(({ state }) => !isTerminal(state)).map(({ id, state }) => `${id} is ${state}`);
  const points = checkPoints(history);
  return {
    stuck,
    lost: [...checkPlanned(history), ...points.lost],
    doubled: [...checkEnds(history), ...points.doubled],
    wrong: points.wrong,
    unlawful: checkTransitions(history),
    goneWithStream: points.goneWithStream,
  };
}

function checkPlanned({ planned, trials }: History): string[] {
  const found = groupBy(trials, ({ sweepId }) => sweepId);
  return [...planned].flatMap(([sweepId, count]) => {
    const there = found.get(sweepId)?.length ?? 0;
    return there === count ? [] : [`${sweepId} has ${there} trials of ${count}`];
  });
}

function checkEnds({ trials, attempts, transitions: changes }: History): string[] {
  const ends = groupBy(
    changes.filter(({ to }) => isTerminal(to)),
    ({ trialId }) => trialId,
  );
  const successes = groupBy(
    attempts.filter(({ outcome }) => outcome === 'succeeded'),
    ({ trialId }) => trialId,
  );
  return trials.flatMap(({ id, state, attempt }) => {
    const found: string[] = [];
    const ended = ends.get(id)?.length ?? 0;
    if (isTerminal(state) && ended !== 1) found.push(`${id} has ended ${ended} times`);
    const numbers = (successes.get(id) ?? []).map(({ number }) => number);
    const wanted = state === 'succeeded' ? [attempt] : [];
    if (numbers.join() !== wanted.join())
      found.push(`${id} is ${state}; these attempts succeeded: [${numbers.join()}]`);
    return found;
  });
}

function checkTransitions({ trials, transitions: changes }: History): string[] {
  const ofTrial = groupBy(changes, ({ trialId }) => trialId);
  return trials.flatMap(({ id, state: last }) => {
    const found: string[] = [];
    let state: TrialState = 'queued';
    let attempt = 0;
    for (const change of ofTrial.get(id) ?? []) {
      const { from, to } = change;
      if (from !== state) found.push(`${id} went from ${state} to ${from} unseen`);
      if (transitions[from][to] === undefined) found.push(`${id} went from ${from} to ${to}`);
      const next = to === 'running' ? attempt + 1 : attempt;
      if (change.attempt !== next) found.push(`${id} became ${to} with attempt ${change.attempt}, not ${next}`);
      state = to;
      attempt = change.attempt;
    }
    if (state !== last) found.push(`${id} went from ${state} to ${last} unseen`);
    return found;
  });
}

/** Outcomes of attempts of which everything that was acknowledged is kept: they ended by their own report. */
const ownEnds = ['succeeded', 'failed', 'handed-back'];

function whenOf(atMs: number | undefined): string {
  return atMs === undefined ? 'which was never acknowledged' : `acknowledged at ${new Date(atMs).toISOString()}`;
}

function checkPoints({ attempts, acknowledged, stored, deletions, epochs }: History) {
  const [lost, doubled, wrong]: [string[], string[], string[]] = [[], [], []];
  let goneWithStream = 0;
  const noted = groupBy(acknowledged, ({ trialId, attempt }) => `${trialId} ${attempt}`);
  for (const { trialId, number, outcome } of attempts) {
    const key = `${trialId} ${number}`;
    const inTable = stored.get(key);
    const said = new Map(noted.get(key)?.flatMap(({ at, points }) => points.map((point) => [point, at] as const)));
    const mayBeGone = (point: string): boolean => {
      const at = said.get(point);
      return at !== undefined && deletions.some(({ fromMs, toMs }) => at >= fromMs && at <= toMs);
    };
    const wanted = new Set(ownEnds.includes(outcome) ? said.keys() : []);
    if (outcome === 'succeeded') for (const point of allPointsOf(trialId, epochs)) wanted.add(pointKey(point));
    for (const point of wanted) {
      if (inTable?.has(point) === true) continue;
      if (mayBeGone(point)) goneWithStream += 1;
      else lost.push(`${key}: ${point}, ${whenOf(said.get(point))}`);
    }
    for (const [point, { value, count }] of inTable ?? []) {
      const [epoch = '', split = '', task = '', metric = ''] = point.split(' ');
      if (count !== 1) doubled.push(`${key}: ${point} is there ${count} times`);
      if (value !== valueOf(trialId, Number(epoch), split, task, metric)) wrong.push(`${key}: ${point} is ${value}`);
    }
  }
  return { lost, doubled, wrong, goneWithStream };
}
