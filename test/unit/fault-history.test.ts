import { describe, expect, it } from 'vitest';
import { checkHistory } from '../helpers/fault-schedule/check.js';
import type { History, Transition } from '../helpers/fault-schedule/history.js';
import { pointKey } from '../helpers/fault-schedule/noted-sink.js';
import { allPointsOf } from '../helpers/fault-schedule/toy-points.js';

const epochs = 2;
const id = 'trial-a';
const points = allPointsOf(id, epochs);
const change = (from: Transition['from'], to: Transition['to'], attempt: number): Transition => ({
  trialId: id,
  from,
  to,
  attempt,
});
const noted = (attempt: number, at: number) => ({ at, trialId: id, attempt, points: points.map(pointKey) });
const table = (count = 1) => new Map(points.map((point) => [pointKey(point), { value: point.value, count }]));

/** One trial that lost a worker and succeeded then. */
const sound: History = {
  planned: new Map([['sweep-a', 1]]),
  epochs,
  trials: [{ id, sweepId: 'sweep-a', state: 'succeeded', attempt: 2, errorCode: null }],
  attempts: [
    { trialId: id, number: 1, outcome: 'lease-expired' },
    { trialId: id, number: 2, outcome: 'succeeded' },
  ],
  transitions: [
    change('queued', 'running', 1),
    change('running', 'queued', 1),
    change('queued', 'running', 2),
    change('running', 'succeeded', 2),
  ],
  // What the first attempt said may be refused: it had lost its lease.
  acknowledged: [noted(1, 100), noted(2, 200)],
  stored: new Map([[`${id} 2`, table()]]),
  deletions: [],
};

const nothing = { stuck: [], lost: [], doubled: [], wrong: [], unlawful: [], goneWithStream: 0 };
const [first] = points;
if (first === undefined) throw new Error('a toy says nothing');

function without(): ReadonlyMap<string, ReturnType<typeof table>> {
  const left = table();
  left.delete(pointKey(first as (typeof points)[number]));
  return new Map([[`${id} 2`, left]]);
}

describe('the checker of fault histories', () => {
  it('finds nothing in a sound one', () => {
    expect(checkHistory(sound)).toEqual(nothing);
  });

  it.each([
    ['a planned trial that is not there', { planned: new Map([['sweep-a', 2]]) }, 'lost', 'has 1 trials of 2'],
    ['an acknowledged number that is not there', { stored: without() }, 'lost', pointKey(first)],
    [
      'a number that was never said, of a success',
      { stored: without(), acknowledged: [] },
      'lost',
      'which was never acknowledged',
    ],
    ['a number that is there twice', { stored: new Map([[`${id} 2`, table(2)]]) }, 'doubled', 'is there 2 times'],
    [
      'a number that nobody said',
      { stored: new Map([[`${id} 2`, table().set('1 test semantic meanIoU', { value: 99, count: 1 })]]) },
      'wrong',
      'is 99',
    ],
    [
      'two successes',
      { attempts: [...sound.attempts.slice(1), { trialId: id, number: 1, outcome: 'succeeded' }] },
      'doubled',
      'these attempts succeeded: [2,1]',
    ],
    [
      'a second end',
      { transitions: [...sound.transitions, change('succeeded', 'failed', 2), change('failed', 'succeeded', 2)] },
      'doubled',
      'has ended 3 times',
    ],
    [
      'a change that the law does not have',
      { transitions: [...sound.transitions.slice(0, 1), change('running', 'waiting', 1)] },
      'unlawful',
      'went from running to waiting',
    ],
    [
      'an attempt number that was given twice',
      { transitions: [...sound.transitions.slice(0, 2), change('queued', 'running', 1)] },
      'unlawful',
      'became running with attempt 1, not 2',
    ],
    [
      'a trial without an end',
      { trials: [{ id, sweepId: 'sweep-a', state: 'running', attempt: 2, errorCode: null }] },
      'stuck',
      'trial-a is running',
    ],
  ] satisfies [string, Partial<History>, 'lost' | 'doubled' | 'wrong' | 'unlawful' | 'stuck', string][])(
    'finds %s',
    (_, broken, where, what) => {
      expect(checkHistory({ ...sound, ...broken })[where].join('\n')).toContain(what);
    },
  );

  it('tells what went away with a deleted stream from what was lost', () => {
    const stored = without();
    const at = (fromMs: number) => checkHistory({ ...sound, stored, deletions: [{ fromMs, toMs: fromMs + 10 }] });
    expect(at(195)).toEqual({ ...nothing, goneWithStream: 1 });
    expect(at(300).lost).toHaveLength(1);
  });
});
