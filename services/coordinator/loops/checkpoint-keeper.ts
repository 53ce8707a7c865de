import type { CheckpointStore } from '../../shared/checkpoint-store/store.js';
import type { Database } from '../../shared/db/connect.js';
import type { Logger } from '../../shared/log.js';
import { forgetCheckpoints, knownCheckpoints, superfluousCheckpoints } from '../store/checkpoints.js';
import { createLoop, type Loop } from './loop.js';

const everyMs = 3000;
const objectsAtOnce = 200;
const ensureEveryMs = 30_000;
const strayEveryMs = 10 * 60_000;
/** An object is stored before it is reported, and reports can wait for a database that is away. */
const strayAgeMs = 60 * 60_000;

/**
 * Deletes checkpoints that nobody will go on from, and objects that the database knows nothing of: what a worker stored
 * after it had lost its trial, or could not report. Nobody else deletes.
 */
export function createCheckpointKeeper(database: Database, store: CheckpointStore, logger: Logger): Loop {
  let [strayAt, ensuredAt] = [-Infinity, -Infinity];

  const deleteStrays = async (): Promise<void> => {
    const old = (await store.list()).filter(({ writtenAt }) => Date.now() - writtenAt.getTime() > strayAgeMs);
    const known = await knownCheckpoints(
      database,
      old.map(({ name }) => name),
    );
    const strays = old.map(({ name }) => name).filter((name) => !known.has(name));
    await store.delete(strays);
    if (strays.length > 0) logger.info({ objects: strays.length }, 'checkpoints without a trial were deleted');
  };

  return createLoop({
    name: 'checkpoint-keeper',
    logger,
    everyMs,
    pass: async () => {
      if (performance.now() - ensuredAt > ensureEveryMs) {
        await store.ensure();
        ensuredAt = performance.now();
      }
      const objects = await superfluousCheckpoints(database, objectsAtOnce);
      if (objects.length > 0) {
        // The rows first: an object without a row is found again as a stray, a row without an object misleads a worker.
        await forgetCheckpoints(database, objects);
        await store.delete(objects);
      }
      if (performance.now() - strayAt > strayEveryMs) {
        await deleteStrays();
        strayAt = performance.now();
      }
      return objects.length === objectsAtOnce ? 'again' : 'done';
    },
  });
}
