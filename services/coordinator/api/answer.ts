import { z } from 'zod';
import { SigmasweepError } from '../../shared/errors.js';
import type { Logger } from '../../shared/log.js';
import { inputFault, type answer, type InputFault } from '../../shared/messages/commands.js';
import { protocolVersion } from '../../shared/messages/common.js';
import { isDatabaseAway } from '../store/sql-state.js';

export type Answer = z.infer<typeof answer>;
type Refusal = Extract<Answer, { ok: false }>['error'];

/** A request that is not what its command takes. */
export class RequestError extends SigmasweepError {
  readonly faults: readonly InputFault[];

  constructor(command: string, faults: readonly InputFault[]) {
    super('REQUEST_INVALID', `The request to ${command} is not understood.`, {
      hint: 'Client and coordinator may be of different versions.',
    });
    this.faults = faults;
  }
}

export function accepted(value: unknown): Answer {
  return { v: protocolVersion, ok: true, value };
}

export function refused(error: Refusal): Answer {
  return { v: protocolVersion, ok: false, error };
}

/**
 * The answer to a request that failed. Errors on purpose are told as they are; of others only the log gets to know
 * more: their texts can hold statements and addresses.
 */
export function failure(error: unknown, command: string, logger: Logger): Answer {
  if (error instanceof SigmasweepError) {
    const { code, message, hint } = error;
    const faults = 'faults' in error ? z.array(inputFault).safeParse(error.faults).data : undefined;
    return refused({
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(faults === undefined || faults.length === 0 ? {} : { faults }),
    });
  }
  logger.error({ command, err: error }, 'a command failed');
  if (isDatabaseAway(error)) {
    return refused({
      code: 'DATABASE_UNAVAILABLE',
      message: 'The coordinator cannot reach PostgreSQL at the moment.',
      hint: 'Training goes on meanwhile; try again when the database is back.',
    });
  }
  return refused({
    code: 'INTERNAL',
    message: 'The coordinator could not do this because of an error of its own.',
    hint: 'Its log has the details.',
  });
}
