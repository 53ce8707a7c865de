import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSweep } from '../../services/coordinator/store/list-sweeps.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { submitSweep } from '../../services/coordinator/store/submit-sweep.js';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import { comparisonNotes } from '../../services/shared/compare/notes.js';
import { readSweepResults } from '../../services/shared/db/read-sweep-results.js';
import type { MetricPoint, ReportItem, ReportMessage } from '../../services/shared/messages/reports.js';
import { planSweep } from '../../services/shared/plan/plan.js';
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

async function submit(search: object, overrides: Record<string, unknown> = {}) {
  const spec = parseSweepSpec(
    tinySpec({ grid: undefined, weightings: [], baselines: false, seeds: [1], search, ...overrides }),
    { quick: false },
  );
  const { sweepId } = await submitSweep(store.database, {
    idempotencyKey: randomUUID(),
    spec,
    maxFailures: 1,
    ...planSweep(spec),
  });
  return sweepId;
}

const queuedOf = (sweepId: string) =>
  store.database.trial.findMany({ where: { sweepId, state: 'queued' }, orderBy: { position: 'asc' } });

function weightOf(config: unknown): number {
  return (config as { weighting: { weights: { semantic: number } } }).weighting.weights.semantic;
}

/** What its worker would say: as good as the weight of semantic is near 0.7. */
async function reportOfTraining(trial: { id: string; config: unknown }, end: ReportItem): Promise<ReportMessage> {
  const claim = claimOf(trial.id);
  const { attempt } = granted(await claimTrial(store.database, claim, lease));
  const value = 1 - Math.abs(weightOf(trial.config) - 0.7);
  const point = { task: 'semantic', metric: 'meanIoU', value } as const;
  const points: MetricPoint[] = [
    { ...point, epoch: 2, split: 'validation' },
    { ...point, epoch: 2, split: 'test' },
  ];
  return reportOf({ trialId: trial.id, attempt, workerId: claim.workerId }, { type: 'metrics', points }, end);
}

const succeeded: ReportItem = { type: 'succeeded' };

describe('a search', () => {
  it('goes on round by round, each point filled in by whoever records the last result before it', async () => {
    const sweepId = await submit({ sampler: 'tpe', points: 10, initial: 4, batch: 2, metric: 'semantic', least: 0.05 });
    const rounds: number[] = [];
    for (;;) {
      const queued = await queuedOf(sweepId);
      if (queued.length === 0) break;
      rounds.push(queued.length);
      expect(await findSweep(store.database, sweepId)).toMatchObject({ state: 'running', endedAt: null });
      const reports = await Promise.all(queued.map((trial) => reportOfTraining(trial, succeeded)));
      // Each by a coordinator of its own, at once, and again after a crash before the acknowledgement.
      await Promise.all(reports.map((report) => recordReports(store.database, [report], lease)));
      await Promise.all(reports.map((report) => recordReports(store.database, [report], lease)));
    }
    expect(rounds).toEqual([4, 2, 2, 2]);
    expect(await findSweep(store.database, sweepId)).toMatchObject({ state: 'completed', counts: { succeeded: 10 } });
    const trials = await store.database.trial.findMany({ where: { sweepId }, orderBy: { position: 'asc' } });
    const weights = trials.map(({ config }) => weightOf(config));
    expect(new Set(weights).size).toBe(10);
    const nearest = (some: number[]): number => Math.min(...some.map((weight) => Math.abs(weight - 0.7)));
    expect(nearest(weights.slice(4))).toBeLessThan(nearest(weights.slice(0, 4)));
    // The table has the weights as columns and says how they came about, once.
    const comparison = compareSweep(await readSweepResults(store.database, sweepId));
    expect(comparison.rows.map(({ setting }) => setting.weights?.['semantic'])).toEqual(weights);
    const notes = comparisonNotes(comparison);
    expect(notes.filter((note) => note.includes('TPE'))).toEqual([
      'Searched weights: 10 points by TPE: 4 before anything was known, then 2 a round by Semantic class: IoU on the validation split (mean over seeds); no weight below 0.05, sampler’s seed 1.',
    ]);
  });

  it('fills in the same point for every seed', async () => {
    const search = { sampler: 'refine', points: 4, initial: 2, batch: 1, metric: 'semantic' };
    const sweepId = await submit(search, { seeds: [1, 2, 3] });
    const run = async () => {
      for (const trial of await queuedOf(sweepId)) {
        await recordReports(store.database, [await reportOfTraining(trial, succeeded)], lease);
      }
      return queuedOf(sweepId);
    };
    const later = await run();
    expect(later).toHaveLength(3);
    expect(new Set(later.map(({ config }) => weightOf(config))).size).toBe(1);
    expect(await run()).toHaveLength(3);
  });

  it('is not held up by a point that training gives up', async () => {
    const sweepId = await submit({ sampler: 'tpe', points: 4, initial: 2, batch: 2, metric: 'semantic' });
    const [diverging, good] = await queuedOf(sweepId);
    if (diverging === undefined || good === undefined) throw new Error('two points were planned');
    const diverged = {
      ...failedItem(false),
      error: { code: 'TRAINING_DIVERGED', message: 'the loss is NaN' },
    } as ReportItem;
    await recordReports(store.database, [await reportOfTraining(diverging, diverged)], lease);
    await recordReports(store.database, [await reportOfTraining(good, succeeded)], lease);
    expect(await queuedOf(sweepId)).toHaveLength(2);
  });
});
