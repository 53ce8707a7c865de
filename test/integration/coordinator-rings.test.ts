import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cancel } from '../../services/coordinator/store/cancel.js';
import { databaseTime } from '../../services/coordinator/store/clock.js';
import { recordPresence } from '../../services/coordinator/store/record-presence.js';
import { relayRings, type Ring } from '../../services/coordinator/store/relay-rings.js';
import { ringAgain } from '../../services/coordinator/store/ring-again.js';
import { claimOf, claimTrial, granted, startStore, type StoreRig, submitTrials } from '../helpers/coordinator-rig.js';

const lease = 60;
let store: StoreRig;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

describe('relayRings and ringAgain', () => {
  const everything = { published: [] as Ring[], error: undefined };
  /** Publishes whatever other tests left. */
  const flush = async (): Promise<void> => {
    for (;;) {
      const { more } = await relayRings(store.database, (rings) =>
        Promise.resolve({ ...everything, published: rings }),
      );
      if (!more) return;
    }
  };

  it('publish each queued trial once with two relays at work, and keep what the stream did not take', async () => {
    await flush();
    const { sweepId, trialIds } = await submitTrials(store.database, 30);
    const [claimed = '', refused = ''] = trialIds;
    granted(await claimTrial(store.database, claimOf(claimed), lease));
    const seen: string[] = [];
    const relay = () =>
      relayRings(
        store.database,
        async (rings) => {
          await Promise.resolve();
          const published = rings.filter((ring) => ring.trialId !== refused);
          seen.push(...published.map((ring) => ring.trialId));
          return { published, error: published.length < rings.length ? new Error('stream full') : undefined };
        },
        10,
      );
    for (let round = 0; round < 3; round += 1) await Promise.all([relay(), relay()]);
    // Also the one that is claimed: whoever claimed it heard another ring, which is missing now.
    expect(seen.sort()).toEqual(trialIds.filter((id) => id !== refused).sort());
    expect(await store.unsent(refused)).toBe(1);
    // Nobody has to hear of anything while nothing can be started.
    await cancel(store.database, { sweepId });
    expect(await relayRings(store.database, () => Promise.reject(new Error('published')))).toMatchObject({
      published: 0,
    });
    expect(await store.unsent(refused)).toBe(0);
  });

  it('ring lost trials again, those in the stream not, and not from two coordinators', async () => {
    await flush();
    const { sweepId, trialIds } = await submitTrials(store.database, 5);
    await flush();
    // All rings are in the stream: a sweep that waits is not announced twice.
    expect(await ringAgain(store.database, 5, 0)).toBe(0);
    // They are young: they may be on their way.
    expect(await ringAgain(store.database, 0, 3600)).toBe(0);
    const rung = await Promise.all([ringAgain(store.database, 3, 0), ringAgain(store.database, 3, 0)]);
    expect(rung.reduce((sum, one) => sum + one, 0)).toBe(2);
    expect(await Promise.all(trialIds.map(store.unsent))).toEqual([1, 1, 0, 0, 0]);
    // They wait in the outbox.
    expect(await ringAgain(store.database, 3, 0)).toBe(0);
    await cancel(store.database, { sweepId });
    await flush();
  });
});

describe('recordPresence', () => {
  it('keeps a worker gone that said so', async () => {
    const presence = {
      v: 1 as const,
      workerId: 'worker-presence',
      name: 'bench',
      host: 'bench\0',
      pid: 12,
      softwareVersion: '0.1.0',
      backend: 'wasm',
      backendReason: 'chosen',
      device: 'a GPU',
      driver: 'driver\0 1.2',
      memoryBytes: 80 * 1024 ** 3,
      slots: 2,
      labels: ['lab-2'],
      commands: [],
      workloads: [],
      trials: ['trial-a'],
      state: 'running' as const,
    };
    await recordPresence(store.database, presence);
    await recordPresence(store.database, { ...presence, trials: [], state: 'gone' });
    await recordPresence(store.database, presence);
    const row = await store.database.worker.findUniqueOrThrow({ where: { id: 'worker-presence' } });
    expect(row).toMatchObject({
      state: 'gone',
      trials: [],
      labels: ['lab-2'],
      host: 'bench\uFFFD',
      driver: 'driver\uFFFD 1.2',
    });
    expect([row.memoryBytes, row.threads]).toEqual([80n * 1024n ** 3n, null]);
    expect(Math.abs((await databaseTime(store.database)) - row.lastSeenAt.getTime())).toBeLessThan(600_000);
  });
});
