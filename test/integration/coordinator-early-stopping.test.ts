import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { retry } from '../../services/coordinator/store/retry.js';
import { stopEarly } from '../../services/coordinator/store/stop-early.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import { renderCsv } from '../../services/shared/compare/render-csv.js';
import { renderJson } from '../../services/shared/compare/render-json.js';
import { renderTerminal } from '../../services/shared/compare/render-terminal.js';
import { readSweepResults } from '../../services/shared/db/read-sweep-results.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { tinySpec } from '../helpers/cli.js';
import { claimOf, claimTrial, granted, reportOf, startStore, type StoreRig } from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

/** Submits a sweep of four points that ASHA judges by IoU after epochs 1 and 3; trials are found by their labels. */
async function submit(overrides: Record<string, unknown> = {}) {
  const spec = parseSweepSpec(
    tinySpec({
      grid: { points: [0.8, 0.6, 0.4, 0.2].map((semantic) => ({ semantic, depth: 1 - semantic })) },
      weightings: [],
      epochs: 6,
      stopping: { rule: 'asha', metric: 'semantic', reduction: 3 },
      ...overrides,
    }),
    { quick: false },
  );
  const { sweepId } = await submitSweep(store.database, {
    idempotencyKey: randomUUID(),
    spec,
    maxFailures: 2,
    ...planSweep(spec),
  });
  const trials = await store.database.trial.findMany({ where: { sweepId }, orderBy: { position: 'asc' } });
  const idOf = (part: string): string =>
    trials.find(({ label }) => label.startsWith(part) || label.startsWith(`semantic ${part}`))?.id ??
    `no trial ${part}`;
  return { sweepId, idOf, stateOf: async (part: string) => (await store.trialOf(idOf(part))).state };
}

interface RunningTrial {
  readonly trialId: string;
  readonly attempt: number;
  readonly workerId: string;
}

async function claim(trialId: string): Promise<RunningTrial> {
  const made = claimOf(trialId);
  const { attempt } = granted(await claimTrial(store.database, made, lease));
  return { trialId, attempt, workerId: made.workerId };
}

const validated = (epoch: number, iou: number): ReportItem => ({
  type: 'metrics',
  points: [{ epoch, split: 'validation', task: 'semantic', metric: 'meanIoU', value: iou }],
});
const tested = (iou: number): ReportItem => ({
  type: 'metrics',
  points: [{ epoch: 6, split: 'test', task: 'semantic', metric: 'meanIoU', value: iou }],
});
const report = (trial: RunningTrial, ...items: ReportItem[]) =>
  recordReports(store.database, [reportOf(trial, ...items)], lease);

describe('early stopping', () => {
  it('ends the attempt that falls behind, tells its worker, and refuses what it says later', async () => {
    const { sweepId, idOf } = await submit();
    const [good, bad] = [await claim(idOf('0.8')), await claim(idOf('0.4'))];
    await report(good, validated(1, 0.5));
    expect((await stopEarly(store.database)).stopped).toEqual([]);
    await report(bad, validated(1, 0.4));
    expect(await stopEarly(store.database)).toMatchObject({
      sweepIds: [sweepId],
      lost: [{ ...bad, reason: 'stopped-early' }],
    });
    const message =
      'ASHA: after epoch 1 of 6, by Semantic class: IoU on validation, place 2 of 2; the best one went on';
    expect(await store.trialOf(bad.trialId)).toMatchObject({
      state: 'stopped',
      leaseUntil: null,
      failures: 0,
      stop: { rule: 'asha', epoch: 1, message },
      attempts: [{ outcome: 'stopped' }],
    });
    const before = await store.wholeOf(bad.trialId);
    const late = await report(bad, validated(2, 0.9), { type: 'succeeded' });
    expect(late.lost).toEqual([{ ...bad, reason: 'stopped-early' }]);
    expect(await store.wholeOf(bad.trialId)).toEqual(before);
    expect((await stopEarly(store.database)).stopped).toEqual([]);
  });

  it('judges a second attempt by its own numbers', async () => {
    const { idOf, stateOf } = await submit();
    const good = await claim(idOf('0.8'));
    await report(good, validated(1, 0.5));
    const first = await claim(idOf('0.4'));
    await report(first, validated(1, 0.4), { type: 'handed-back', reason: 'the worker stops' });
    const second = await claim(idOf('0.4'));
    await stopEarly(store.database);
    expect(await stateOf('0.4')).toBe('running');
    await report(second, validated(1, 0.6));
    expect((await stopEarly(store.database)).stopped.map(({ id }) => id)).toEqual([good.trialId]);
  });

  it('is done once, whichever of several coordinators does it while reports come in', async () => {
    const { idOf, sweepId } = await submit();
    const running = await Promise.all(['0.8', '0.6', '0.4', '0.2'].map((part) => claim(idOf(part))));
    await Promise.all(running.map((trial, place) => report(trial, validated(1, 0.8 - place / 10))));
    const [passes] = await Promise.all([
      Promise.all(Array.from({ length: 6 }, () => stopEarly(store.database, [sweepId]))),
      ...running.map((trial) => report(trial, { type: 'heartbeat' })),
    ]);
    const stopped = passes.flatMap((pass) => pass.stopped.map(({ id }) => id)).sort();
    expect(stopped).toEqual(
      running
        .slice(1)
        .map(({ trialId }) => trialId)
        .sort(),
    );
    const attempts = await store.database.attempt.findMany({ where: { trial: { sweepId } } });
    expect(attempts.map(({ outcome }) => outcome).sort()).toEqual(['running', 'stopped', 'stopped', 'stopped']);
  });

  it('ends a setting with all of its seeds, so that it has a result for all or for none', async () => {
    const { sweepId, idOf, stateOf } = await submit({ seeds: [1, 2, 3] });
    const good = await claim(idOf('0.8 · depth 0.2 · seed 1'));
    const [bad, second] = [
      await claim(idOf('0.4 · depth 0.6 · seed 1')),
      await claim(idOf('0.4 · depth 0.6 · seed 2')),
    ];
    await report(good, validated(1, 0.5));
    await report(bad, validated(1, 0.4));
    // Better, and not asked.
    await report(second, validated(1, 0.9));
    const { lost } = await stopEarly(store.database);
    expect(lost.map(({ trialId }) => trialId).sort()).toEqual([bad.trialId, second.trialId].sort());
    for (const seed of [1, 2, 3]) expect(await stateOf(`0.4 · depth 0.6 · seed ${seed}`)).toBe('stopped');
    expect(await claimTrial(store.database, claimOf(idOf('0.4 · depth 0.6 · seed 3')), lease)).toMatchObject({
      granted: false,
    });
    expect(await stateOf('0.8 · depth 0.2 · seed 2')).toBe('queued');
    // Taken up again by a person: with its seeds, and to their ends.
    expect((await retry(store.database, { sweepId })).trials).toBe(0);
    expect((await retry(store.database, { trialId: bad.trialId })).trials).toBe(3);
    await report(await claim(bad.trialId), validated(1, 0.1));
    await stopEarly(store.database);
    for (const seed of [2, 3]) expect(await stateOf(`0.4 · depth 0.6 · seed ${seed}`)).toBe('queued');
    expect(await stateOf('0.4 · depth 0.6 · seed 1')).toBe('running');
  });

  it('keeps what is stopped out of every mean, and lets the choice of the best point go on without it', async () => {
    const { sweepId, idOf, stateOf } = await submit({
      baselines: false,
      seeds: [1],
      weightings: [{ method: 'approx-optimal', criterion: 'semantic', label: 'chosen' }],
    });
    for (const [part, iou] of [
      ['0.8', 0.5],
      ['0.6', 0.4],
      ['0.4', 0.3],
      ['0.2', 0.2],
    ] as const) {
      const trial = await claim(idOf(part));
      await report(trial, validated(1, iou));
      await stopEarly(store.database);
      if (part === '0.8') await report(trial, validated(6, iou), tested(iou), { type: 'succeeded' });
    }
    expect(await stateOf('0.2')).toBe('stopped');
    expect(await store.trialOf(idOf('chosen'))).toMatchObject({
      state: 'queued',
      config: { weighting: { weights: { semantic: 0.8 } } },
    });
    const comparison = compareSweep(await readSweepResults(store.database, sweepId));
    const means = comparison.rows.map(({ cells }) => cells[0]?.spread?.mean);
    expect(means.filter((mean) => mean !== undefined)).toEqual([0.5]);
    expect(comparison.rows.map(({ stoppedAt }) => stoppedAt)).toEqual([undefined, 1, 1, 1, undefined]);
    const text = renderTerminal(comparison, { colour: false });
    expect(text.match(/stopped \(epoch 1\)/g)).toHaveLength(3 * 2);
    expect(text).toContain('Stopped early, so without a result (3): 0.6 / 0.4 (epoch 1); ');
    expect(text).toContain('Early stopping by ASHA (one in 3 goes on, first after epoch 1), by Semantic class: IoU on');
    expect(renderCsv(comparison).split('\n')[0]).toContain(',stopped.epoch,');
    const { settings } = JSON.parse(renderJson(comparison)) as { settings: { stoppedAtEpoch: number | null }[] };
    expect(settings.map(({ stoppedAtEpoch }) => stoppedAtEpoch)).toEqual([null, 1, 1, 1, null]);
  });
});
