import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { reapLeases } from '../../services/coordinator/store/reap-leases.js';
import { recordReports } from '../../services/coordinator/store/record-reports.js';
import { retry } from '../../services/coordinator/store/retry.js';
import { stopEarly } from '../../services/coordinator/store/stop-early.js';
import type { ReportItem } from '../../services/shared/messages/reports.js';
import { transitions, trialStates, type TrialState } from '../../services/shared/trial-state.js';
import {
  claimOf,
  claimTrial,
  failedItem,
  farFuture,
  granted,
  reportOf,
  runningTrial,
  startStore,
  type StoreRig,
  submitTrials,
} from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

/** Ends what a trial waits for, if it waits for anything. */
async function endNeeded(trialId: string, end: ReportItem): Promise<void> {
  for (const { needsId } of await store.database.trialDependency.findMany({ where: { trialId } })) {
    const claim = claimOf(needsId);
    const { attempt } = granted(await claimTrial(store.database, claim, lease));
    await recordReports(
      store.database,
      [reportOf({ trialId: needsId, attempt, workerId: claim.workerId }, end)],
      lease,
    );
  }
}

/** Makes a trial one of a further seed, whose setting early stopping has judged and ended. */
async function followStopped({ trialId, sweepId }: { trialId: string; sweepId: string }): Promise<void> {
  const { spec } = await store.database.sweep.findUniqueOrThrow({ where: { id: sweepId } });
  const stopping = { rule: 'asha', metric: 'semantic' };
  await store.database.sweep.update({ where: { id: sweepId }, data: { spec: { ...(spec as object), stopping } } });
  const { settingKey } = await store.database.trial.update({ where: { id: trialId }, data: { stopping: 'follows' } });
  const stop = { rule: 'asha', epoch: 1, message: 'ASHA: after epoch 1' };
  const judged = {
    position: 99,
    label: 'judged',
    seed: 9,
    config: {},
    maxFailures: 1,
    state: 'stopped',
    stopping: 'judged',
  };
  await store.database.trial.create({
    data: { ...judged, id: `${trialId}-judged`, sweepId, settingKey, stop, endedAt: new Date() },
  });
}

describe('the statements', () => {
  /** Each event of the table, done to a trial whose newest attempt is `attempt`. */
  const events: Record<
    string,
    (trial: { sweepId: string; trialId: string; attempt: number; workerId: string }) => Promise<unknown>
  > = {
    claimed: (trial) => claimTrial(store.database, claimOf(trial.trialId), lease),
    'stopped-early': ({ sweepId }) => stopEarly(store.database, [sweepId]),
    cancel: (trial) => cancel(store.database, { trialId: trial.trialId }),
    retry: (trial) => retry(store.database, { trialId: trial.trialId }),
    finished: (trial) => recordReports(store.database, [reportOf(trial, { type: 'succeeded' })], lease),
    'attempt-failed': (trial) => recordReports(store.database, [reportOf(trial, failedItem(true))], lease),
    'attempts-exhausted': (trial) => recordReports(store.database, [reportOf(trial, failedItem(false))], lease),
    'handed-back': (trial) =>
      recordReports(store.database, [reportOf(trial, { type: 'handed-back', reason: '' })], lease),
    'dependencies-met': ({ trialId }) => endNeeded(trialId, { type: 'succeeded' }),
    'dependency-failed': ({ trialId }) => endNeeded(trialId, failedItem(false)),
    'lease-expired': async ({ trialId }) => {
      await store.database.trial.updateMany({
        where: { id: trialId, state: 'running' },
        data: { leaseUntil: new Date(0) },
      });
      await reapLeases(store.database, farFuture);
    },
  };

  /** Brings a running trial into a state. */
  const intoState: Record<
    TrialState,
    (trial: { sweepId: string; trialId: string; attempt: number; workerId: string }) => Promise<unknown>
  > = {
    // A trial that has run waits only when a person takes it up again while what it needs is not there.
    waiting: async (trial) => {
      const { trialIds } = await submitTrials(store.database, 1);
      const edge = { trialId: trial.trialId, needsId: trialIds[0] ?? '', mayLack: false };
      await store.database.trialDependency.create({ data: edge });
      await events['cancel']?.(trial);
      await events['retry']?.(trial);
    },
    queued: async (trial) => events['handed-back']?.(trial),
    running: () => Promise.resolve(),
    succeeded: async (trial) => events['finished']?.(trial),
    failed: async (trial) => events['attempts-exhausted']?.(trial),
    stopped: async (trial) => events['stopped-early']?.(trial),
    cancelled: async (trial) => events['cancel']?.(trial),
  };

  const cases = trialStates.flatMap((state) => Object.keys(events).map((event) => ({ state, event })));
  it.each(cases)('obey the table of transitions: $event of a $state trial', async ({ state, event }) => {
    const trial = await runningTrial(store.database);
    await followStopped(trial);
    await intoState[state](trial);
    expect((await store.trialOf(trial.trialId)).state).toBe(state);
    const before = await store.wholeOf(trial.trialId);
    await events[event]?.(trial);
    const after = await store.wholeOf(trial.trialId);
    const target = trialStates.find((to) => transitions[state][to]?.includes(event));
    if (target === undefined) expect(after).toEqual(before);
    // What is taken up again and waits for nothing is queued at once.
    else expect(after.trial.state).toBe(event === 'retry' ? 'queued' : target);
  });

  it('are there for every event of the table', () => {
    const named = new Set(Object.values(transitions).flatMap((next) => Object.values(next).flat()));
    expect([...named].filter((event) => events[event] === undefined)).toEqual([]);
  });
});
