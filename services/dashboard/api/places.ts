import { SigmasweepError } from '../../shared/errors.js';

/** What a place in a list is made of: PostgreSQL has no text with U+0000, no longer integer, no later time. */
const kinds = {
  text: (value: unknown): boolean => typeof value === 'string' && !value.includes('\0'),
  integer: (value: unknown): boolean => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  /** Milliseconds since 1970. */
  time: (value: unknown): boolean => Number.isInteger(value) && Math.abs(Number(value)) < 1e14,
} as const;
type PlaceKind = keyof typeof kinds;
type Place<Kinds extends readonly PlaceKind[]> = {
  -readonly [Index in keyof Kinds]: Kinds[Index] extends 'text' ? string : number;
};

/** A place in a list as text for a URL: the values of its order, of the last item that was given. */
export function placeText(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * Reads `placeText`.
 * @param wanted what the values are
 * @throws SigmasweepError REQUEST_INVALID when it is none
 */
export function readPlace<const Kinds extends readonly PlaceKind[]>(text: string, wanted: Kinds): Place<Kinds> {
  const values = parsed(Buffer.from(text, 'base64url').toString());
  const fits =
    Array.isArray(values) && values.length === wanted.length && wanted.every((kind, at) => kinds[kind](values[at]));
  if (fits) return values as Place<Kinds>;
  throw new SigmasweepError('REQUEST_INVALID', 'after: is not a place that this list has given.', {
    hint: 'Give `next` of the answer before, or leave it out.',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Cuts a list that was read with one more than is wanted.
 * @param placeOf the place of an item, for the next ones
 */
export function pageOf<Item>(
  items: readonly Item[],
  limit: number,
  placeOf: (item: Item) => readonly (string | number)[],
): { page: readonly Item[]; next: string | null } {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { page, next: items.length > limit && last !== undefined ? placeText(placeOf(last)) : null };
}
