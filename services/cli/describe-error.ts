import { SigmasweepError } from '../shared/errors.js';
import { redact } from '../shared/log.js';
import type { InputFault } from '../shared/messages/commands.js';

/** An error as a person should read it: what, where, what to do. Unexpected ones keep their stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof SigmasweepError)) {
    return redact(`sigmasweep: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  const faults = 'faults' in error ? (error.faults as readonly InputFault[]) : [];
  const lines = [
    `sigmasweep: ${error.message}`,
    ...faults.map((fault) => `  ${fault.path === '' ? '' : `${fault.path}: `}${fault.message}`),
    ...(error.hint === undefined ? [] : [error.hint]),
  ];
  return redact(lines.join('\n'));
}
