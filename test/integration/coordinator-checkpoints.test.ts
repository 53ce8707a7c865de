import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCheckpointKeeper } from '../../services/coordinator/loops/checkpoint-keeper.js';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { reapLeases } from '../../services/coordinator/store/reap-leases.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { FolderStore } from '../../services/shared/checkpoint-store/folder-store.js';
import { createLogger } from '../../services/shared/log.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import {
  claimOf,
  claimTrial,
  farFuture,
  granted,
  reportOf,
  runningTrial,
  startStore,
  type StoreRig,
} from '../helpers/coordinator-rig.js';
import { until } from '../helpers/deadline.js';

const lease = 60;
let store: StoreRig;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

type Running = Awaited<ReturnType<typeof runningTrial>>;

const checkpointItem = (object: string, step: number, final = false): ReportItem => ({
  type: 'checkpoint',
  step,
  epoch: 1,
  bytes: 1000,
  sha256: 'a'.repeat(64),
  object,
  final,
});

const record = (running: Omit<Running, 'sweepId'>, ...items: ReportItem[]) =>
  recordReports(store.database, [reportOf(running, ...items)], lease);

/** Ends the lease of an attempt and claims its trial again. */
async function claimedAgain({ trialId }: Pick<Running, 'trialId'>): Promise<ReturnType<typeof granted>> {
  await store.database.$executeRaw`UPDATE trial SET lease_until = now() - interval '1 second' WHERE id = ${trialId}`;
  await reapLeases(store.database, farFuture);
  return granted(await claimTrial(store.database, claimOf(trialId), lease));
}

const objectsOf = async (trialId: string): Promise<string[]> =>
  (await store.database.checkpoint.findMany({ where: { trialId }, orderBy: { object: 'asc' } })).map(
    ({ object }) => object,
  );

describe('checkpoints of a trial', () => {
  it('are offered to its next attempt, the newest first, with one to fall back on', async () => {
    const running = await runningTrial(store.database);
    const named = (step: number): string => `${running.trialId}.1.${step}.x`;
    await record(running, ...[10, 20, 30].map((step) => checkpointItem(named(step), step)));
    // The same report twice changes nothing.
    await record(running, checkpointItem(named(30), 30));
    const again = await claimedAgain(running);
    expect(again.attempt).toBe(2);
    expect(again.checkpoints.map(({ attempt, step, object }) => [attempt, step, object])).toEqual([
      [1, 30, named(30)],
      [1, 20, named(20)],
    ]);
    // One that could not use them began anew: what it stores counts, although its step is lower.
    const second = { ...running, workerId: 'unknown', attempt: 2 };
    await record(second, checkpointItem(`${running.trialId}.2.10.x`, 10));
    const third = await claimedAgain(running);
    expect(third.checkpoints.map(({ attempt, step }) => [attempt, step])).toEqual([
      [2, 10],
      [1, 30],
    ]);
  });

  it('are not taken from an attempt that lost its trial, however late they come, nor from one that was cancelled', async () => {
    const running = await runningTrial(store.database);
    const { trialId } = running;
    await record(running, checkpointItem(`${trialId}.1.10.x`, 10));
    await claimedAgain(running);
    await record(running, checkpointItem(`${trialId}.1.99.x`, 99), { type: 'resumed', attempt: 1, step: 99 });
    expect(await objectsOf(trialId)).toEqual([`${trialId}.1.10.x`]);
    expect((await store.trialOf(trialId)).attempts.map(({ resumedStep }) => resumedStep)).toEqual([null, null]);
    const second = { ...running, attempt: 2 };
    await record(second, { type: 'resumed', attempt: 1, step: 10 });
    await cancel(store.database, { trialId });
    await record(second, checkpointItem(`${trialId}.2.50.x`, 50));
    expect(await objectsOf(trialId)).toEqual([`${trialId}.1.10.x`]);
    expect((await store.trialOf(trialId)).attempts.find(({ number }) => number === 2)).toMatchObject({
      resumedAttempt: 1,
      resumedStep: 10,
    });
  });

  it('are deleted when nobody will go on from them, but for a trained network that is to be kept', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-keeper-'));
    const file = (object: string, hoursOld = 0): void => {
      const path = join(folder, `${object}.checkpoint`);
      writeFileSync(path, 'content');
      const time = Date.now() / 1000 - hoursOld * 3600;
      utimesSync(path, time, time);
    };
    const [running, done, failed] = await Promise.all([1, 2, 3].map(() => runningTrial(store.database)));
    if (running === undefined || done === undefined || failed === undefined) throw new Error('no trials');
    for (const one of [running, done, failed]) {
      const steps = [10, 20, 30, 40];
      await record(one, ...steps.map((step) => checkpointItem(`${one.trialId}.1.${step}.x`, step)));
      await record(one, checkpointItem(`${one.trialId}.1.50.final`, 50, true));
      for (const object of await objectsOf(one.trialId)) file(object, 3);
    }
    await record(done, { type: 'succeeded' });
    await record(failed, { type: 'failed', error: { code: 'X', message: 'x' }, retryable: false });
    // Stored and never reported: long ago by one that lost its trial, just now by one whose report is on its way.
    file(`${running.trialId}.1.45.lost`, 2);
    file(`${running.trialId}.1.60.new`);
    file('part.left-by-a-killed-worker', 2);

    const keeper = createCheckpointKeeper(store.database, new FolderStore(folder), createLogger('test', 'silent'));
    keeper.start();
    const kept = [
      `${done.trialId}.1.50.final`,
      `${running.trialId}.1.40.x`,
      `${running.trialId}.1.50.final`,
      `${running.trialId}.1.60.new`,
    ].map((object) => `${object}.checkpoint`);
    await until(() => readdirSync(folder).length <= kept.length, { deadlineMs: 10_000, what: 'the superfluous to go' });
    await keeper.stop();
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
    expect(await objectsOf(done.trialId)).toEqual([`${done.trialId}.1.50.final`]);
    expect(await objectsOf(failed.trialId)).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });
});
