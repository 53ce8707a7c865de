import { Batcher } from './api/batcher.js';
import { serveApi } from './api/serve.js';
import { createCheckpointKeeper } from './loops/checkpoint-keeper.js';
import { createEarlyStopper } from './loops/early-stopper.js';
import { createConsumerMender } from './loops/consumer-mender.js';
import { createEffects } from './loops/effects.js';
import type { Loop } from './loops/loop.js';
import { createPresence } from './loops/presence.js';
import { createReaper } from './loops/reaper.js';
import { createReconciler } from './loops/reconciler.js';
import { createRecorder } from './loops/recorder.js';
import { createRelay } from './loops/relay.js';
import { watchConnection } from './loops/watch-connection.js';
import { claimTrials, type StoredClaimAnswer } from './store/claim-trial.js';
import type { Claim } from './store/take-trials.js';
import type { Database } from '../shared/db/connect.js';
import type { Logger } from '../shared/log.js';
import type { Connection } from '../shared/nats/connect.js';
import { answerGreetings } from '../shared/nats/greeting.js';
import { openCheckpointStore } from '../shared/nats/open-checkpoint-store.js';
import { defaultStreamLimits, ensureStreams, type StreamLimits } from '../shared/nats/streams.js';

export interface CoordinatorOptions {
  readonly database: Database;
  readonly connection: Connection;
  readonly logger: Logger;
  /** A running trial without a report for this long is queued again. */
  readonly leaseSeconds: number;
  readonly limits?: StreamLimits;
  /** Where checkpoints are kept (see `SIGMASWEEP_CHECKPOINTS`), and the room for them in NATS, bytes. */
  readonly checkpoints?: { readonly place: string; readonly mostBytes: number };
}

/** One at a time: batches are granted one after the other anyway, and what comes meanwhile becomes the next one. */
const claimBatches = { size: 128, atOnce: 1 } as const;

const defaultCheckpointBytes = 1024 ** 3;

/** A coordinator at work. Any number of them may share a database and a NATS server. */
export interface Coordinator {
  /** Stops in order: no new requests, then the loops; what was begun is finished. The connections stay open. */
  stop(): Promise<void>;
  /** Whether NATS is there. */
  isConnected(): boolean;
}

/**
 * Starts the service and the loops.
 * @throws SigmasweepError STREAMS_UNAVAILABLE when NATS has no JetStream or no room for the streams
 */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { database, connection, logger, leaseSeconds, limits = defaultStreamLimits } = options;
  const { place, mostBytes } = options.checkpoints ?? { place: 'nats', mostBytes: defaultCheckpointBytes };
  const checkpoints = openCheckpointStore(connection, place, { mostBytes, replicas: limits.replicas });
  await ensureStreams(connection, limits);
  const relay = createRelay(database, connection, logger);
  const watch = watchConnection(connection, () => {
    reconciler.wake();
    relay.wake();
  });
  const effects = createEffects(connection, watch, () => relay.wake());
  const reconciler = createReconciler(database, connection, effects, limits, logger);
  const stopper = createEarlyStopper(database, effects, logger);
  const loops: readonly Loop[] = [
    relay,
    reconciler,
    createRecorder(database, connection, effects, leaseSeconds, logger, stopper.judge),
    stopper,
    createReaper(database, connection, watch, effects, leaseSeconds, logger),
    createPresence(database, connection, logger),
    createConsumerMender(database, connection, logger),
    createCheckpointKeeper(database, checkpoints, logger),
  ];
  for (const loop of loops) loop.start();
  const claims = new Batcher<Claim, StoredClaimAnswer>(
    (batch) => claimTrials(database, batch, leaseSeconds),
    claimBatches,
  );
  const stopGreeting = answerGreetings(connection);
  const api = serveApi(connection, { database, effects, leaseSeconds, claims }, logger);
  await connection.flush();
  return {
    isConnected: () => watch.isUp(),
    stop: async () => {
      await Promise.all([stopGreeting(), api.stop()]);
      await Promise.all(loops.map((loop) => loop.stop()));
      effects.close();
    },
  };
}
