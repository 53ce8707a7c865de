import type { Config } from '../shared/config.js';
import { SigmasweepError } from '../shared/errors.js';
import { callCommand, signCommands } from '../shared/nats/command-client.js';
import { connectNats, type Connection } from '../shared/nats/connect.js';
import { commandLineActor } from './actor.js';
import { runningStack } from './stack/stack.js';

/** Turns what a person wrote for a sweep into its id. */
export type ResolveSweep = (given: string) => Promise<string>;

/**
 * Connects to the coordinator of NATS_URL or, without one, of this folder's running stack.
 * @throws SigmasweepError STACK_NOT_RUNNING when there is neither
 */
export async function withCoordinator<Result>(
  config: Config<'cli'>,
  use: (connection: Connection, resolveSweep: ResolveSweep) => Promise<Result>,
): Promise<Result> {
  const url = config.NATS_URL ?? (await runningStack(config))?.natsUrl;
  if (url === undefined) {
    throw new SigmasweepError('STACK_NOT_RUNNING', `Nothing runs for the state folder ${config.SIGMASWEEP_STATE}.`, {
      hint: 'Start it with `sigmasweep up`, or set NATS_URL to a running installation.',
    });
  }
  const connection = await connectNats(url, 'sigmasweep cli', config);
  signCommands(connection, commandLineActor);
  try {
    return await use(connection, (given) => resolveSweep(connection, given));
  } finally {
    await connection.drain();
  }
}

async function resolveSweep(connection: Connection, given: string): Promise<string> {
  if (given !== 'latest') return given;
  const { sweeps } = await callCommand(connection, 'list', { limit: 1 });
  const newest = sweeps[0];
  if (newest === undefined) {
    throw new SigmasweepError('NOT_FOUND', 'There is no sweep yet.', {
      hint: 'Launch one with `sigmasweep run SPEC`.',
    });
  }
  return newest.sweepId;
}
