import { SigmasweepError } from '../../../shared/errors.js';

/** How a trainer process ended. */
export interface TrainerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it wrote. */
  readonly output: string;
  /** What to do about a death whose cause is not known. */
  readonly hint?: string;
}

/** A shell's way to say that a program was ended by SIGKILL. */
const killedCode = 137;
/** Node aborts when its own memory limit is reached. */
const outOfHeap = 'heap out of memory';

const memoryHint =
  'It probably ran out of memory: train fewer trials at once (SIGMASWEEP_SLOTS), or with a smaller batchSize or model.';

const bugHint = 'If it happens again with the same trial, please report it as a bug.';

/** The error of a trial whose trainer died; `stalledSeconds` is set when the agent killed it for its silence. */
export function trainerDied(end: TrainerEnd, stalledSeconds?: number): SigmasweepError {
  const said = end.output === '' ? 'it wrote nothing' : `the end of what it wrote:\n${end.output}`;
  if (stalledSeconds !== undefined) {
    return new SigmasweepError(
      'TRAINER_STALLED',
      `The trainer made no progress for ${stalledSeconds} s and was killed; ${said}`,
      { hint: 'Raise limits.stallSeconds if a step or an evaluation may take this long.' },
    );
  }
  const how = end.signal ?? `exit code ${String(end.code)}`;
  return new SigmasweepError('TRAINER_DIED', `The trainer ended (${how}) while it trained; ${said}`, {
    hint: ranOutOfMemory(end) ? memoryHint : (end.hint ?? bugHint),
  });
}

function ranOutOfMemory({ code, signal, output }: TrainerEnd): boolean {
  return signal === 'SIGKILL' || code === killedCode || output.includes(outOfHeap);
}
