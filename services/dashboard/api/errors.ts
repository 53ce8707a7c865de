import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { inputFault, type InputFault } from '../../shared/messages/commands.js';

/** Where the API is; what is refused there is told as JSON. */
export const apiBase = '/api/v1';

export const apiError = z
  .object({
    error: z.object({
      code: z.string().describe('Stable, for programs.'),
      message: z.string().describe('What was found and what was expected.'),
      hint: z.string().optional().describe('What to do.'),
      faults: z.array(inputFault).optional().describe('Each field that is wrong.'),
    }),
  })
  .describe('Every answer that is not of 2xx.');
type ApiError = z.infer<typeof apiError>['error'];

/** Codes that have a status of their own; another code's fault is the request's. */
const statusOfCode = {
  REQUEST_INVALID: 400,
  NOT_AUTHENTICATED: 401,
  NOT_ALLOWED: 403,
  OTHER_ORIGIN: 403,
  NOT_FOUND: 404,
  SWEEP_ACTIVE: 409,
  ENDED: 409,
  SUBMISSION_CONFLICT: 409,
  REQUEST_TOO_LARGE: 413,
  SPEC_INVALID: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL: 500,
  BUSY: 503,
  COORDINATOR_UNREACHABLE: 503,
  DATABASE_UNAVAILABLE: 503,
} as const satisfies Readonly<Record<string, ContentfulStatusCode>>;

export function statusOf(code: string): ContentfulStatusCode {
  return Object.hasOwn(statusOfCode, code) ? statusOfCode[code as keyof typeof statusOfCode] : 400;
}

/** What any operation may answer. */
export const errorsOfAll = ['NOT_AUTHENTICATED', 'REQUEST_INVALID', 'DATABASE_UNAVAILABLE', 'INTERNAL'] as const;
/** What those that change something may answer. */
export const errorsOfChanges = ['NOT_ALLOWED', 'REQUEST_TOO_LARGE', 'TOO_MANY_REQUESTS'] as const;

export function isOfApi(context: Context): boolean {
  return context.req.path.startsWith('/api/');
}

export function errorAnswer(context: Context, { code, message, hint, faults }: ApiError): Response {
  const error = {
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(faults === undefined ? {} : { faults }),
  };
  return context.json({ error } satisfies z.infer<typeof apiError>, statusOf(code));
}

/** A refusal: JSON for programs, a line of text for people. */
export function refusal(context: Context, code: string, message: string): Response {
  return isOfApi(context) ? errorAnswer(context, { code, message }) : context.text(message, statusOf(code));
}

/** The fields that an error names as wrong. */
export function faultsOf(error: Error): InputFault[] | undefined {
  const faults = 'faults' in error ? z.array(inputFault).safeParse(error.faults).data : undefined;
  return faults === undefined || faults.length === 0 ? undefined : faults;
}
