import type { HonoRequest } from 'hono';
import { SigmasweepError } from '../../shared/errors.js';
import { id } from '../../shared/messages/common.js';
import { trialStates, type TrialState } from '../../shared/trial-state.js';
import type { SweepFilter } from '../queries/sweeps.js';
import type { TrialFilter } from '../queries/trials.js';

/** Query and path values come from anywhere: each is narrowed here, and what does not fit is as if it were not there. */

/** An id as the project makes them; undefined for anything else, which then is simply not found. */
export function readId(text: string | undefined): string | undefined {
  return id.safeParse(text).data;
}

/** A whole number from 0 that fits Postgres' integer. */
export function readCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  return Number(text);
}

export function readTrialFilter(query: { state?: string | undefined; page?: string | undefined }): TrialFilter {
  const state: TrialState | undefined = trialStates.find((known) => known === query.state);
  return { state, page: Math.min(100_000, Math.max(1, readCount(query.page) ?? 1)) };
}

/** Which sweeps are listed. Text is bound, never part of a statement; PostgreSQL has no place for U+0000. */
export function readSweepFilter(query: Readonly<Record<string, string | undefined>>): SweepFilter {
  const text = (name: string): string => (query[name] ?? '').replaceAll('\0', '').trim().slice(0, 200);
  const tag = text('tag');
  const [, at, id] = /^(\d{1,14})_([\w-]{1,64})$/.exec(query['before'] ?? '') ?? [];
  return {
    text: text('find'),
    tag: tag === '' ? undefined : tag,
    archived: query['archived'] === 'yes',
    behind: at === undefined || id === undefined ? undefined : { createdAt: new Date(Number(at)), id },
  };
}

/** "3 trials", "1 trial". */
export function trialsText(count: number): string {
  return count === 1 ? '1 trial' : `${count} trials`;
}

/**
 * Where a command's form leads to: back to the page that it stood on, with what was done.
 * @param from where it stood, as the form says; anything unknown is the page of the thing itself
 */
export function answerTo(page: string, from: unknown, done: string, value: number): string {
  return `${from === 'queue' ? '/workers' : page}?${done}=${String(value)}`;
}

/** What a command did, from the query of the redirect; nothing but a number is taken from there. */
export function readNotice(query: {
  cancelled?: string | undefined;
  queued?: string | undefined;
  launched?: string | undefined;
  saved?: string | undefined;
  deleted?: string | undefined;
  paused?: string | undefined;
  resumed?: string | undefined;
  priority?: string | undefined;
}): string | undefined {
  if (query.saved !== undefined) return 'Notes and tags were saved.';
  const deleted = readCount(query.deleted);
  if (deleted !== undefined) return `The sweep was deleted, and ${trialsText(deleted)} with it.`;
  if (query.launched === 'again') {
    return 'This spec was submitted before: this is its sweep. To train it once more, tick “train again” when you launch it.';
  }
  if (query.launched !== undefined) return 'The sweep was launched.';
  const paused = readCount(query.paused);
  if (paused !== undefined) return `Paused: ${trialsText(paused)} will not be started until it is resumed.`;
  const resumed = readCount(query.resumed);
  if (resumed !== undefined) return `Resumed: ${trialsText(resumed)} can be started now.`;
  if (query.priority !== undefined && /^-?\d{1,4}$/.test(query.priority))
    return `The priority is now ${query.priority}.`;
  const cancelled = readCount(query.cancelled);
  if (cancelled !== undefined) return `${trialsText(cancelled)} cancelled.`;
  const queued = readCount(query.queued);
  return queued === undefined ? undefined : `${trialsText(queued)} queued again.`;
}

/**
 * The fields of a form; files, and fields that are not there, are empty text.
 * @throws SigmasweepError REQUEST_INVALID for a body that is no form, whatever its content type says
 */
export async function readFields(request: HonoRequest): Promise<(name: string) => string> {
  let fields: Awaited<ReturnType<HonoRequest['parseBody']>>;
  try {
    fields = await request.parseBody();
  } catch (cause) {
    // A body above the limit is told as that.
    if (!(cause instanceof TypeError)) throw cause;
    throw new SigmasweepError('REQUEST_INVALID', 'The body of the request is not the form that it says it is.', {
      hint: 'Send the form of the page again.',
      cause,
    });
  }
  return (name) => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return typeof value === 'string' ? value : '';
  };
}
