import { ErrorCode, NatsError, type NatsConnection } from 'nats';
import { SigmasweepError } from '../errors.js';
import {
  answer,
  commands,
  type Actor,
  type CommandName,
  type CommandRequest,
  type CommandResponse,
  type InputFault,
} from '../messages/commands.js';
import { protocolVersion } from '../messages/common.js';
import { subjects } from '../nats-names.js';
import { requireFittingCoordinator } from './greeting.js';

/** A command was refused by the coordinator; `faults` name the fields of the request that were wrong. */
export class CommandError extends SigmasweepError {
  readonly faults: readonly InputFault[];

  constructor(code: string, message: string, hint: string | undefined, faults: readonly InputFault[]) {
    super(code, message, hint === undefined ? {} : { hint });
    this.faults = faults;
  }
}

/** How long an answer is waited for, in milliseconds; for commands that may move 100,000 trials longer. */
const usualPatienceMs = 15_000;
const patienceMs: Partial<Readonly<Record<CommandName, number>>> = {
  submit: 300_000,
  cancel: 60_000,
  retry: 60_000,
  delete: 60_000,
};

const actors = new WeakMap<NatsConnection, () => Actor | undefined>();

/** From now on, commands over a connection say who gives them. */
export function signCommands(connection: NatsConnection, by: () => Actor | undefined): void {
  actors.set(connection, by);
}

/**
 * Calls one command of the coordinator's service.
 * @param timeoutMs how long to wait for the answer
 * @param by who gives it; otherwise as `signCommands` has said
 * @throws CommandError when the coordinator refuses; SigmasweepError COORDINATOR_UNREACHABLE when nobody answers, and
 * VERSION_MISMATCH when somebody does who speaks another protocol
 */
export async function callCommand<Name extends CommandName>(
  connection: NatsConnection,
  name: Name,
  request: Omit<CommandRequest<Name>, 'v'>,
  timeoutMs = patienceMs[name] ?? usualPatienceMs,
  by = actors.get(connection)?.(),
): Promise<CommandResponse<Name>> {
  const body = JSON.stringify({ v: protocolVersion, ...request, by });
  let text: string;
  try {
    text = (await connection.request(subjects.command(name), body, { timeout: timeoutMs })).string();
  } catch (cause) {
    const nobody = cause instanceof NatsError && cause.code === (ErrorCode.NoResponders as string);
    // One of another version answers to other names.
    if (nobody) await requireFittingCoordinator(connection, 'This program');
    throw new SigmasweepError(
      'COORDINATOR_UNREACHABLE',
      nobody ? 'No coordinator listens on this NATS server.' : `The coordinator did not answer: ${String(cause)}`,
      { hint: 'Start one with `sigmasweep up`, or check NATS_URL.', cause },
    );
  }
  const reply = answer.parse(JSON.parse(text));
  if (!reply.ok) {
    throw new CommandError(reply.error.code, reply.error.message, reply.error.hint, reply.error.faults ?? []);
  }
  return commands[name].response.parse(reply.value) as CommandResponse<Name>;
}
