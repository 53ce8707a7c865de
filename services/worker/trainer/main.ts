/** The trainer child process: see trainer-protocol.ts. Started by the worker agent with an IPC channel. */
import { parseArgs } from 'node:util';
import { errorRecord, SigmasweepError } from '../../shared/errors.js';
import { backendRequests, type BackendRequest } from '../../shared/trial-config.js';
import { openBackend } from '../backends/choose.js';
import { backendLadder } from '../backends/registry.js';
import type { FromTrainer, ToTrainer, TrainerArguments } from '../trainer-protocol.js';
import { loadOwnWorkloads } from '../workloads/own/load.js';
import { endWithParent } from './end-with-parent.js';
import { TrainerSession } from './session.js';
import { WorkloadCache } from './workload-cache.js';

function readArguments(args: readonly string[]): TrainerArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      backend: { type: 'string', default: 'auto' },
      cache: { type: 'string' },
      data: { type: 'string' },
      threads: { type: 'string' },
      workload: { type: 'string', multiple: true, default: [] },
      'workloads-from': { type: 'string', default: '.' },
    },
  });
  if (!isBackendRequest(values.backend) || values.cache === undefined) {
    throw new SigmasweepError('TRAINER_ARGUMENTS', 'The trainer was started with arguments it does not know', {
      hint: `Usage: main.js --backend ${backendRequests.join('|')} --cache <folder> [--data <folder>] [--threads <n>] [--workload <file or package> …]`,
    });
  }
  const threads = values.threads === undefined ? undefined : Number(values.threads);
  return {
    backend: values.backend,
    cacheFolder: values.cache,
    dataFolder: values.data,
    threads,
    ownWorkloads: { places: values.workload, folder: values['workloads-from'] },
  };
}

function isBackendRequest(text: string): text is BackendRequest {
  return (backendRequests as readonly string[]).includes(text);
}

function say(message: FromTrainer): void {
  const ends = message.type === 'failed' && message.ends;
  // Without its agent the child has nobody to train for; the disconnect handler ends it.
  if (process.connected) process.send?.(message, () => (ends ? process.exit(1) : undefined));
}

/** Tells the agent why and ends. */
function unusable(error: unknown): Promise<never> {
  const message: FromTrainer = { type: 'unusable', error: errorRecord(error) };
  return new Promise(() => process.send?.(message, () => process.exit(1)));
}

// A terminal or a service manager signals the whole group; it is the agent that decides what becomes of the trial.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
const { backend: request, threads, ownWorkloads, ...folders } = readArguments(process.argv.slice(2));
if (process.send === undefined) {
  throw new SigmasweepError('TRAINER_ALONE', 'The trainer has no channel to a worker', {
    hint: 'Start a worker; it starts its trainers itself.',
  });
}
// Without its agent already while its modules were loaded: nobody heard of that.
if (!process.connected) process.exit(0);
endWithParent();
const own = await loadOwnWorkloads(ownWorkloads, folders.cacheFolder).catch(unusable);
const opened = await openBackend(request, backendLadder, threads).catch(unusable);
const session = new TrainerSession(opened.backend, new WorkloadCache(folders, own), say, opened.failure);
process.on('message', (message) => session.receive(message as ToTrainer));
say({
  type: 'ready',
  backend: opened.backend,
  backendReason: opened.reason,
  device: opened.device,
  workloads: own.map(({ entry }) => entry),
  ...(opened.driver === undefined ? {} : { driver: opened.driver }),
  ...(opened.memoryBytes === undefined ? {} : { memoryBytes: opened.memoryBytes }),
  ...(opened.threads === undefined ? {} : { threads: opened.threads }),
});
