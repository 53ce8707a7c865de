import type { Msg, NatsConnection } from 'nats';
import { SigmasweepError } from '../../shared/errors.js';
import type { Logger } from '../../shared/log.js';
import { commands, type Actor, type CommandName } from '../../shared/messages/commands.js';
import { subjects } from '../../shared/nats-names.js';
import { metrics } from '../metrics.js';
import { accepted, failure, refused, RequestError, type Answer } from './answer.js';
import { recordAction } from '../store/record-action.js';
import { actionOf, splitActor } from './audit.js';
import type { ApiContext, Handler } from './handler.js';
import { Lanes } from './lanes.js';
import { handlers } from './registry.js';

/** The running service. */
export interface ApiService {
  /** Takes no more requests, and resolves when those that were taken are answered. */
  stop(): Promise<void>;
}

const anyCommand = subjects.command('*');

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(handlers, name);
}

function readRequest<Name extends CommandName>(
  name: Name,
  data: Uint8Array,
  handler: Handler<Name>,
): { request: unknown; by: Actor | undefined } {
  if (data.byteLength > handler.largestRequest) {
    throw new SigmasweepError(
      'REQUEST_TOO_LARGE',
      `The request to ${name} has ${String(data.byteLength)} bytes; ${String(handler.largestRequest)} are allowed.`,
      { hint: name === 'submit' ? 'Write a grid as values or as a simplex instead of points.' : 'Send less.' },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch (error) {
    throw new RequestError(name, [{ path: '', message: `not JSON: ${String(error)}` }]);
  }
  const { by, request } = splitActor(value);
  const parsed = commands[name].request.safeParse(request);
  if (parsed.success) return { request: parsed.data, by };
  throw new RequestError(
    name,
    parsed.error.issues.slice(0, 20).map(({ path, message }) => ({ path: path.join('.'), message })),
  );
}

async function perform(context: ApiContext, lanes: Lanes, name: CommandName, data: Uint8Array): Promise<Answer> {
  // Each name goes with its own handler; the compiler cannot follow that through the registry.
  const handler = handlers[name] as Handler<CommandName>;
  const { request: given, by } = readRequest(name, data, handler);
  const request = given as Parameters<typeof handler.handle>[1];
  return lanes.run(handler.lane, async () => {
    if (handler.lane !== 'write') return accepted(await handler.handle(context, request));
    try {
      const answer = await handler.handle(context, request);
      await recordAction(context.database, actionOf(name, by, request, { answer }));
      return accepted(answer);
    } catch (error) {
      const refusedFor = error instanceof SigmasweepError ? error.code : 'INTERNAL';
      // What was refused is worth knowing; that it could not be written down changes nothing about the refusal.
      await recordAction(context.database, actionOf(name, by, request, { refusedFor })).catch(() => undefined);
      throw error;
    }
  });
}

/** Sends the answer; when it is larger than the server takes, says so instead. */
function respond(message: Msg, answer: Answer, name: string, largest: number): void {
  const body = Buffer.from(JSON.stringify(answer));
  if (body.byteLength <= largest) {
    message.respond(body);
    return;
  }
  const tooLarge = refused({
    code: 'ANSWER_TOO_LARGE',
    message: `The answer to ${name} has ${String(body.byteLength)} bytes; this NATS server takes ${String(largest)}.`,
    hint: 'Set max_payload: 8MB in the configuration of nats-server, or look at the sweep in the dashboard.',
  });
  message.respond(JSON.stringify(tooLarge));
}

/**
 * Answers the commands of `services/shared/messages/commands.ts` over NATS request/reply. Several coordinators share
 * the requests.
 */
export function serveApi(connection: NatsConnection, context: ApiContext, logger: Logger): ApiService {
  const lanes = new Lanes();
  const answering = new Set<Promise<void>>();

  const answer = async (message: Msg): Promise<void> => {
    const name = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    const since = performance.now();
    let reply: Answer;
    try {
      reply = isCommand(name)
        ? await perform(context, lanes, name, message.data)
        : refused({ code: 'COMMAND_UNKNOWN', message: `There is no command ${JSON.stringify(name)}.` });
    } catch (error) {
      reply = failure(error, name, logger);
    }
    // Names that are no commands would let whoever asks make any number of time series.
    const command = isCommand(name) ? name : 'unknown';
    metrics.commands.inc({ command, code: reply.ok ? 'ok' : reply.error.code });
    metrics.commandSeconds.observe({ command }, (performance.now() - since) / 1000);
    try {
      respond(message, reply, name, connection.info?.max_payload ?? 1024 * 1024);
    } catch (error) {
      logger.warn({ command: name, err: error }, 'an answer could not be sent');
    }
  };

  const subscription = connection.subscribe(anyCommand, {
    queue: 'coordinator',
    callback: (error, message) => {
      if (error !== null) {
        logger.error({ err: error }, 'the coordinator may not listen for commands');
        return;
      }
      const work = answer(message);
      answering.add(work);
      void work.finally(() => answering.delete(work));
    },
  });

  return {
    stop: async () => {
      await subscription.drain();
      await Promise.allSettled(answering);
    },
  };
}
