import { describe, expect, it } from 'vitest';
import { planSweep } from '../../services/shared/plan/plan.js';
import { waitsOf } from '../../services/shared/schedule/queue.js';
import { backoffAfter, classOfError, retryOptions } from '../../services/shared/schedule/retries.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { submission } from '../../services/shared/sweep-spec/submission.js';
import { Patience } from '../../services/worker/agent/patience.js';
import { tinySpec } from '../helpers/cli.js';

describe('backoffAfter', () => {
  const options = retryOptions.parse({ memory: { failures: 2, backoffSeconds: 40 }, crash: { backoffSeconds: 1000 } });
  it.each([
    ['the first of its class', 'OUT_OF_MEMORY', 0, {}, true, 40],
    ['one after others of other classes', 'OUT_OF_MEMORY', 2, { lost: 2 }, true, 40],
    ['the limit of its class', 'GPU_OUT_OF_MEMORY', 1, { memory: 1 }, true, undefined],
    ['the limit of all classes', 'LEASE_LOST', 4, { lost: 4 }, true, undefined],
    ['a lost worker', 'LEASE_LOST', 3, { lost: 3 }, true, 0],
    ['the second of its class', 'TRAINER_DIED', 1, { crash: 1 }, true, 2000],
    ['an hour at most', 'TRAINER_STALLED', 3, { crash: 3 }, true, 3600],
    ['what no class names', 'REPORT_REFUSED', 1, { other: 1 }, true, 10],
    ['what would come again', 'OUT_OF_MEMORY', 0, {}, false, undefined],
  ] as const)('%s', (_, code, failures, failuresOf, retryable, pause) => {
    expect(backoffAfter({ failures, maxFailures: 5, failuresOf }, options, code, retryable)).toBe(pause);
  });

  it('knows classes by the codes of errors', () => {
    expect(['LEASE_LOST', 'GPU_LOST', 'constructor'].map(classOfError)).toEqual(['lost', 'device', 'other']);
  });
});

describe('a schedule', () => {
  const parse = (schedule: unknown) => parseSweepSpec(tinySpec({ schedule }), { quick: false });

  it('changes neither what is trained nor which sweep it is', () => {
    const [plain, scheduled] = [parse({}), parse({ priority: 5, maxRunning: 2, requires: { labels: ['a100'] } })];
    expect(planSweep(scheduled)).toEqual(planSweep(plain));
    expect(submission(scheduled).idempotencyKey).toBe(submission(plain).idempotencyKey);
    expect(submission(parseSweepSpec(tinySpec({ epochs: 9 }), { quick: false })).idempotencyKey).not.toBe(
      submission(plain).idempotencyKey,
    );
  });

  it.each([
    [{ share: 0 }, 'schedule.share'],
    [{ maxRunning: 0 }, 'schedule.maxRunning'],
    [{ requires: { backends: ['auto'] } }, 'schedule.requires.backends[0]'],
    [{ requires: { labels: ['a,b'] } }, 'schedule.requires.labels[0]'],
    [{ requires: { labels: ['a', 'a'] } }, 'schedule.requires.labels'],
    [{ budget: { trials: 1.5 } }, 'schedule.budget.trials'],
    [{ retries: { memmory: {} } }, 'schedule.retries.memmory'],
    [{ retries: { lost: { backoffSeconds: -1 } } }, 'schedule.retries.lost.backoffSeconds'],
  ])('refuses %j with the path', (schedule, path) => {
    expect(() => parse(schedule)).toThrow(expect.objectContaining({ faults: [expect.objectContaining({ path })] }));
  });
});

describe('waitsOf', () => {
  const none = { backends: [], memoryBytes: null, labels: [], commands: [] };
  const sweep = {
    sweepId: 'sweep-a',
    name: 'a',
    priority: 0,
    share: 1,
    maxRunning: null,
    running: 2,
    paused: null,
    requires: none,
    started: 2,
    budgetTrials: null,
    usedSeconds: 1800,
    budgetSeconds: null,
  };
  const counts = { dependent: 0, paused: 0, backoff: 0, nextTrySeconds: null, fresh: 10, begun: 1 };
  const worker = { backend: 'wasm', memoryBytes: 8 * 1024 ** 3, labels: ['lab-2'], commands: [] };
  const of = (changes: Partial<typeof sweep> | object, more: object = {}, workers = [worker]) =>
    waitsOf({ ...sweep, ...changes }, { ...counts, ...more }, workers).map(
      ({ reason, trials, detail }) => `${String(trials)} ${reason}${detail === null ? '' : `: ${detail}`}`,
    );

  it.each<[string, string[], string[]]>([
    ['a free slot', of({}), ['11 slot']],
    [
      'each by its own reason',
      of({}, { dependent: 3, paused: 2, backoff: 1, nextTrySeconds: 4.2 }),
      ['3 trials', '2 paused: each by itself', '1 backoff: the next in 5 s', '11 slot'],
    ],
    ['a paused sweep', of({ paused: 'now' }), ['11 paused: with their sweep']],
    ['a limit', of({ maxRunning: 5 }), ['8 limit: 5 at once', '3 slot']],
    [
      'a budget of trials, which what was begun does not count to',
      of({ budgetTrials: 6 }),
      ['6 budget: 2 of 6 trials were started', '5 slot'],
    ],
    ['a budget of time', of({ budgetSeconds: 1800 }), ['11 budget: 0.5 of 0.5 device hours are used']],
    ['no worker at all', of({}, {}, []), ['11 worker: no worker is running']],
    [
      'no worker with a backend or a label',
      of({ requires: { ...none, backends: ['webgpu'], labels: ['a100', 'lab-2'] } }),
      ['11 worker: no worker has backend webgpu, nor label a100'],
    ],
    [
      'no worker with the memory',
      of({ requires: { ...none, memoryBytes: 16 * 1024 ** 3 } }),
      ['11 worker: no worker has 16 GiB of device memory'],
    ],
    [
      'workers that have each a part',
      of({ requires: { ...none, backends: ['webgpu'], labels: ['lab-2'] } }, {}, [
        worker,
        { ...worker, backend: 'webgpu', labels: [] },
      ]),
      ['11 worker: no worker has all of backend webgpu, label lab-2'],
    ],
    ['nothing', of({}, { fresh: 0, begun: 0 }), []],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });
});

describe('Patience', () => {
  it('asks at growing intervals while it is refused, and at once after a grant', async () => {
    let now = 0;
    const waits: number[] = [];
    const patience = new Patience(() => now, (milliseconds) => { waits.push(milliseconds); now += milliseconds; return Promise.resolve(); }); // prettier-ignore
    const { signal } = new AbortController();
    await patience.wait(signal);
    for (let n = 0; n < 7; n += 1) {
      patience.refused();
      // A second slot that had asked before says nothing new.
      patience.refused();
      await patience.wait(signal);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3000, 3000]);
    patience.granted();
    patience.refused();
    await patience.wait(signal);
    expect(waits.at(-1)).toBe(100);
  });
});
