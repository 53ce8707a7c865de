import { z } from 'zod';

/**
 * Classes of errors that another attempt may overcome. What cannot go away by trying again (a bad configuration, data
 * that is not there, training that diverged) ends a trial at once and has none.
 */
export const errorClasses = ['lost', 'crash', 'memory', 'device', 'other'] as const;
export type ErrorClass = (typeof errorClasses)[number];

interface ClassInfo {
  readonly label: string;
  /** Codes of the errors that belong to it; what is named nowhere is `other`. */
  readonly codes: readonly string[];
  /** Seconds before the second attempt, unless the spec says otherwise. */
  readonly backoffSeconds: number;
}

export const errorClassInfo: Readonly<Record<ErrorClass, ClassInfo>> = {
  lost: {
    label: 'Nothing was heard of the worker until the lease ended; another worker can go on at once.',
    codes: ['LEASE_LOST'],
    backoffSeconds: 0,
  },
  crash: {
    label: 'The trainer process died, or made no progress and was killed.',
    codes: ['TRAINER_DIED', 'TRAINER_STALLED'],
    backoffSeconds: 5,
  },
  memory: {
    label: 'The device or the machine had no memory left; neighbours may end meanwhile.',
    codes: ['OUT_OF_MEMORY', 'GPU_OUT_OF_MEMORY', 'GPU_BUFFER_TOO_LARGE'],
    backoffSeconds: 30,
  },
  device: {
    label: 'The device was lost or refused to work.',
    codes: ['GPU_LOST', 'GPU_REFUSED', 'WASM_TRAP', 'BACKEND_UNUSABLE'],
    backoffSeconds: 10,
  },
  other: { label: 'Anything else.', codes: [], backoffSeconds: 5 },
};

/** No pause between two attempts is longer, in seconds. */
export const longestBackoff = 3600;

export function classOfError(code: string): ErrorClass {
  return errorClasses.find((name) => errorClassInfo[name].codes.includes(code)) ?? 'other';
}

const retryOf = ({ backoffSeconds }: ClassInfo) =>
  z
    .strictObject({
      failures: z
        .int()
        .min(1)
        .max(100)
        .describe('A trial is failed after this many errors of the class, even where `limits.failures` allows more.')
        .optional(),
      backoffSeconds: z
        .number()
        .min(0)
        .max(longestBackoff)
        .default(backoffSeconds)
        .describe(
          'Pause before the next attempt; it doubles with each further error of the class, to an hour at most.',
        ),
    })
    .prefault({});

/** How often errors of each class are tried again, and after what pause. */
export const retryOptions = z.strictObject({
  lost: retryOf(errorClassInfo.lost).describe(errorClassInfo.lost.label),
  crash: retryOf(errorClassInfo.crash).describe(errorClassInfo.crash.label),
  memory: retryOf(errorClassInfo.memory).describe(errorClassInfo.memory.label),
  device: retryOf(errorClassInfo.device).describe(errorClassInfo.device.label),
  other: retryOf(errorClassInfo.other).describe(errorClassInfo.other.label),
});
export type RetryOptions = z.output<typeof retryOptions>;

/** What a trial has behind it. */
export interface FailureRecord {
  /** Attempts that failed or lost their worker. */
  readonly failures: number;
  readonly maxFailures: number;
  /** The same by class of error. */
  readonly failuresOf: Readonly<Partial<Record<ErrorClass, number>>>;
}

/**
 * Whether a trial is tried again after one more failure.
 * @param code of the error
 * @param retryable whether another attempt could end differently
 * @returns the pause before the next attempt, in seconds; undefined when there is none
 */
export function backoffAfter(
  { failures, maxFailures, failuresOf }: FailureRecord,
  options: RetryOptions,
  code: string,
  retryable: boolean,
): number | undefined {
  const name = classOfError(code);
  const before = failuresOf[name] ?? 0;
  const { failures: mostOfClass = Infinity, backoffSeconds } = options[name];
  if (!retryable || failures + 1 >= maxFailures || before + 1 >= mostOfClass) return undefined;
  return Math.min(longestBackoff, backoffSeconds * 2 ** before);
}
