import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planSweep } from '../../services/shared/plan/plan.js';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { deleteSweep } from '../../services/coordinator/store/delete-sweep.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { retry } from '../../services/coordinator/store/retry.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { readSweepResults } from '../../services/shared/db/read-sweep-results.js';
import type { MetricPoint, ReportItem, ReportMessage } from '../../services/shared/messages/reports.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { tinySpec } from '../helpers/cli.js';
import {
  claimOf,
  claimTrial,
  failedItem,
  granted,
  reportOf,
  startStore,
  type StoreRig,
} from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

/** Submits a spec as the service does; trials are found by their labels. */
async function submit(overrides: Record<string, unknown>) {
  const schedule = { requires: { labels: [randomUUID()] } };
  const given = tinySpec({ grid: undefined, weightings: [], schedule, ...overrides });
  const spec = parseSweepSpec(given, { quick: false });
  const plan = planSweep(spec);
  const { sweepId } = await submitSweep(store.database, {
    idempotencyKey: randomUUID(),
    spec,
    maxFailures: 1,
    ...plan,
  });
  const trials = await store.database.trial.findMany({ where: { sweepId }, orderBy: { position: 'asc' } });
  const idOf = (part: string): string => trials.find(({ label }) => label.includes(part))?.id ?? `no trial ${part}`;
  const now = async (id: string) => store.database.trial.findUniqueOrThrow({ where: { id } });
  return { sweepId, trials, idOf, now };
}

/** What a worker would report of a trial from its claim to its end, not recorded yet. */
async function reportFor(
  trialId: string,
  points: readonly Partial<MetricPoint>[],
  end: ReportItem,
): Promise<ReportMessage> {
  const claim = claimOf(trialId);
  const { attempt } = granted(await claimTrial(store.database, claim, lease));
  const metrics = points.map((point) => ({ epoch: 2, split: 'validation', task: '', metric: '', value: 0, ...point }));
  const items: ReportItem[] = [{ type: 'metrics', points: metrics as MetricPoint[] }, end];
  return reportOf({ trialId, attempt, workerId: claim.workerId }, ...items);
}

const ended = (semantic: number, depth: number): Partial<MetricPoint>[] =>
  [semantic, depth].map((value, index) => ({
    split: 'train',
    task: index === 0 ? 'semantic' : 'depth',
    metric: 'weight',
    value,
  }));
const validated = (iou: number, error: number): Partial<MetricPoint>[] => [
  { task: 'semantic', metric: 'meanIoU', value: iou },
  { task: 'depth', metric: 'meanError', value: error },
];

async function finish(
  trialId: string,
  points: readonly Partial<MetricPoint>[] = [],
  end: ReportItem = { type: 'succeeded' },
) {
  return recordReports(store.database, [await reportFor(trialId, points, end)], lease);
}

const replay = {
  baselines: false,
  seeds: [1],
  weightings: [
    { method: 'uncertainty', label: 'learned' },
    { method: 'replay', of: 'learned', label: 'again' },
  ],
};

describe('a replay', () => {
  it('waits unclaimed, and is queued with the learned weights in the transaction that ends the learned run', async () => {
    const { idOf, now } = await submit(replay);
    const [learned, again] = [idOf('learned'), idOf('again')];
    expect(await now(again)).toMatchObject({ state: 'waiting', derivedAt: null });
    expect(await store.unsent(again)).toBe(0);
    expect(await claimTrial(store.database, claimOf(again), lease)).toMatchObject({ granted: false });
    const report = await reportFor(learned, [...ended(2.5, 0.75), { ...ended(9, 9)[0], epoch: 1 }], {
      type: 'succeeded',
    });
    expect(await recordReports(store.database, [report], lease)).toMatchObject({ rung: true });
    const queued = await now(again);
    expect(queued).toMatchObject({
      state: 'queued',
      config: { weighting: { method: 'fixed', weights: { semantic: 2.5, depth: 0.75 } } },
    });
    expect(await store.unsent(again)).toBe(1);
    // The same report once more, as after a crash before its acknowledgement.
    expect(await recordReports(store.database, [report], lease)).toMatchObject({ rung: false });
    expect(await now(again)).toEqual(queued);
    expect(await store.unsent(again)).toBe(1);
    const { config } = granted(await claimTrial(store.database, claimOf(again), lease));
    expect(config.weighting).toEqual({ method: 'fixed', weights: { semantic: 2.5, depth: 0.75 } });
  });

  it('of the mean waits for every seed, whichever of two coordinators records the last', async () => {
    for (let round = 0; round < 10; round += 1) {
      const of = { ...replay.weightings[1], over: 'mean', normalised: true };
      const { sweepId, idOf, now } = await submit({ ...replay, seeds: [1, 2], weightings: [replay.weightings[0], of] });
      const reports = [
        await reportFor(idOf('learned · seed 1'), ended(1, 1), { type: 'succeeded' }),
        await reportFor(idOf('learned · seed 2'), ended(5, 1), { type: 'succeeded' }),
      ];
      await Promise.all(reports.map((report) => recordReports(store.database, [report], lease)));
      for (const seed of [1, 2]) {
        const id = idOf(`again · seed ${String(seed)}`);
        expect(await now(id)).toMatchObject({
          state: 'queued',
          config: { weighting: { weights: { semantic: 0.75, depth: 0.25 } } },
        });
        expect(await store.unsent(id)).toBe(1);
      }
      const { settings } = await readSweepResults(store.database, sweepId);
      expect(settings[1]).toMatchObject({
        weights: { semantic: 0.75, depth: 0.25 },
        label: 'again (semantic 0.75 · depth 0.25)',
      });
    }
  });

  it('fails with its reason when the learned run fails, and is taken up with it by retry, not without it', async () => {
    const { sweepId, idOf, now } = await submit(replay);
    const [learned, again] = [idOf('learned'), idOf('again')];
    await finish(learned, [], failedItem(false));
    expect(await now(again)).toMatchObject({ state: 'failed', error: { code: 'DEPENDENCY_FAILED' } });
    expect((await now(again)).error).toMatchObject({
      message: expect.stringContaining('learned · seed 1, which failed') as string,
    });
    expect((await store.database.sweep.findUniqueOrThrow({ where: { id: sweepId } })).endedAt).not.toBeNull();
    await expect(retry(store.database, { trialId: again })).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' });
    expect(await now(again)).toMatchObject({ state: 'failed' });
    expect(await retry(store.database, { trialId: learned })).toMatchObject({ trials: 2 });
    expect([(await now(learned)).state, (await now(again)).state]).toEqual(['queued', 'waiting']);
    await finish(learned, ended(1, 2));
    expect(await now(again)).toMatchObject({ state: 'queued', error: null });
  });

  it('fails when the learned run is cancelled; a cancelled sweep is taken up whole', async () => {
    const { sweepId, idOf, now } = await submit(replay);
    const [learned, again] = [idOf('learned'), idOf('again')];
    await cancel(store.database, { trialId: learned });
    expect(await now(again)).toMatchObject({ state: 'failed', error: { code: 'DEPENDENCY_FAILED' } });
    await retry(store.database, { sweepId });
    await cancel(store.database, { sweepId });
    expect([(await now(learned)).state, (await now(again)).state]).toEqual(['cancelled', 'cancelled']);
    expect(await retry(store.database, { sweepId })).toMatchObject({ trials: 2 });
    expect([(await now(learned)).state, (await now(again)).state]).toEqual(['queued', 'waiting']);
  });

  it('that cannot hold what the run ended with says so', async () => {
    const { idOf, now } = await submit(replay);
    await finish(idOf('learned'), ended(1, 0));
    expect(await now(idOf('again'))).toMatchObject({ state: 'failed', error: { code: 'WEIGHTS_NOT_USABLE' } });
  });

  it('ends in one state when its cancellation races the end of what it waits for', async () => {
    for (let round = 0; round < 40; round += 1) {
      const { sweepId, idOf, now } = await submit(replay);
      const report = await reportFor(idOf('learned'), ended(1, 2), { type: 'succeeded' });
      await Promise.all([cancel(store.database, { sweepId }), recordReports(store.database, [report], lease)]);
      const states = [(await now(idOf('learned'))).state, (await now(idOf('again'))).state];
      expect([
        ['succeeded', 'cancelled'],
        ['cancelled', 'cancelled'],
      ]).toContainEqual(states);
    }
  });
});

describe('approx. optimal weights', () => {
  const diverged: ReportItem = {
    type: 'failed',
    error: { code: 'TRAINING_DIVERGED', message: 'NaN' },
    retryable: false,
  };
  const grid = {
    seeds: [1],
    grid: {
      points: [
        { semantic: 0.9, depth: 0.1 },
        { semantic: 0.5, depth: 0.5 },
        { semantic: 0.2, depth: 0.8 },
      ],
    },
    weightings: [{ method: 'approx-optimal' }],
  };

  it('are those of the best Δm on validation when the grid is done, trained with a seed that chose nothing', async () => {
    const { sweepId, idOf, now } = await submit(grid);
    const best = idOf('approx. optimal');
    await finish(idOf('semantic only'), validated(0.5, 9));
    await finish(idOf('depth only'), validated(0, 0.1));
    await finish(idOf('semantic 0.9'), validated(0.55, 0.11));
    await finish(idOf('semantic 0.2'), validated(0.5, 0.08));
    expect((await now(best)).state).toBe('waiting');
    await finish(idOf('semantic 0.5'), validated(0.51, 0.1));
    // Δm: (10 − 10)/2, (0 + 20)/2 and (2 + 0)/2 %.
    expect(await now(best)).toMatchObject({
      state: 'queued',
      seed: 2,
      config: { seed: 2, weighting: { method: 'fixed', weights: { semantic: 0.2, depth: 0.8 } } },
      label: 'approx. optimal weights (semantic 0.2 · depth 0.8) · seed 2',
    });
    const { settings } = await readSweepResults(store.database, sweepId);
    expect(settings.at(-1)).toMatchObject({
      weights: { semantic: 0.2, depth: 0.8 },
      note: 'best of 3 grid points on validation: Δm +10.0 %, one seed',
    });
  });

  it('leave a point out that diverged or was stopped early, and wait for one that failed otherwise', async () => {
    const { idOf, now } = await submit({ ...grid, weightings: [{ method: 'approx-optimal', criterion: 'depth' }] });
    const best = idOf('approx. optimal');
    await finish(idOf('semantic 0.9'), validated(0.5, 0.01), diverged);
    await finish(idOf('semantic 0.5'), validated(0.5, 0.3));
    expect((await now(best)).state).toBe('waiting');
    await finish(idOf('semantic 0.2'), [], failedItem(false));
    expect(await now(best)).toMatchObject({ state: 'failed', error: { code: 'DEPENDENCY_FAILED' } });
    await retry(store.database, { trialId: idOf('semantic 0.2') });
    expect((await now(best)).state).toBe('waiting');
    await finish(idOf('semantic 0.2'), validated(0.5, 0.2));
    expect(await now(best)).toMatchObject({ state: 'queued', config: { weighting: { weights: { depth: 0.8 } } } });
  });

  it('wait for a point that is taken up again while they still wait', async () => {
    const { idOf, now } = await submit({ ...grid, weightings: [{ method: 'approx-optimal', criterion: 'depth' }] });
    const best = idOf('approx. optimal');
    await finish(idOf('semantic 0.9'), [], diverged);
    await retry(store.database, { trialId: idOf('semantic 0.9') });
    await finish(idOf('semantic 0.5'), validated(0.5, 0.3));
    await finish(idOf('semantic 0.2'), validated(0.5, 0.2));
    expect((await now(best)).state).toBe('waiting');
    await finish(idOf('semantic 0.9'), validated(0.5, 0.1));
    expect(await now(best)).toMatchObject({ state: 'queued', config: { weighting: { weights: { depth: 0.1 } } } });
  });

  it('are the same for every seed, though a point that was left out has ended well in between', async () => {
    const { idOf, now } = await submit({
      ...grid,
      seeds: [1, 2],
      baselines: false,
      weightings: [{ method: 'approx-optimal', criterion: 'depth' }],
    });
    const [first, second] = [idOf('for depth · seed 3'), idOf('for depth · seed 4')];
    await cancel(store.database, { trialId: second });
    for (const seed of [1, 2]) {
      await finish(idOf(`depth 0.1 · seed ${String(seed)}`), [], diverged);
      await finish(idOf(`depth 0.5 · seed ${String(seed)}`), validated(0.5, 0.3));
      await finish(idOf(`depth 0.8 · seed ${String(seed)}`), validated(0.5, 0.2));
    }
    expect(await now(first)).toMatchObject({ state: 'queued', config: { weighting: { weights: { depth: 0.8 } } } });
    for (const seed of [1, 2]) {
      await retry(store.database, { trialId: idOf(`depth 0.1 · seed ${String(seed)}`) });
      await finish(idOf(`depth 0.1 · seed ${String(seed)}`), validated(0.5, 0.01));
    }
    await retry(store.database, { trialId: second });
    expect(await now(second)).toMatchObject({
      state: 'queued',
      label: 'approx. optimal weights for depth (semantic 0.2 · depth 0.8) · seed 4',
      config: { weighting: { weights: { semantic: 0.2, depth: 0.8 } } },
    });
  });
});

describe('a sweep whose only active trial waits', () => {
  it('can be deleted once it is cancelled, and not before', async () => {
    const { sweepId, trials, idOf, now } = await submit({});
    const other = await submit({});
    const trialId = idOf('semantic only');
    await store.database.trialDependency.create({
      data: { trialId, needsId: other.idOf('semantic only'), mayLack: false },
    });
    await cancel(store.database, { sweepId });
    await retry(store.database, { trialId });
    expect((await now(trialId)).state).toBe('waiting');
    await expect(deleteSweep(store.database, sweepId)).rejects.toMatchObject({
      code: 'SWEEP_ACTIVE',
      message: 'The sweep has 1 trials that are waiting, queued or running.',
    });
    await cancel(store.database, { sweepId });
    expect(await deleteSweep(store.database, sweepId)).toBe(trials.length);
  });
});
