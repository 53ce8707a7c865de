/** Ids that tell which sweep, trial, worker … an error is about. */
export type ErrorIds = Readonly<Record<string, string | number>>;

/**
 * The base of every error this project raises on purpose.
 *
 * `code` is stable and machine-readable; `message` says what was found and what was expected; `hint` says what to do.
 */
export class SigmasweepError extends Error {
  readonly code: string;
  readonly ids: ErrorIds;
  readonly hint: string | undefined;

  constructor(code: string, message: string, details: { ids?: ErrorIds; hint?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.ids = details.ids ?? {};
    this.hint = details.hint;
  }
}

/** The wire and database form of an error. */
export interface ErrorRecord {
  code: string;
  message: string;
  hint?: string | undefined;
  stack?: string | undefined;
}

/** Turns anything thrown into its wire form. Unknown errors get the code `UNEXPECTED`. */
export function errorRecord(error: unknown): ErrorRecord {
  if (error instanceof SigmasweepError) {
    return { code: error.code, message: error.message, hint: error.hint, stack: error.stack };
  }
  if (error instanceof Error) return { code: 'UNEXPECTED', message: error.message, stack: error.stack };
  return { code: 'UNEXPECTED', message: String(error) };
}
