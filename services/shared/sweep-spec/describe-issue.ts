import type { z } from 'zod';
import type { InputFault } from '../messages/commands.js';
import { nearest } from '../nearest.js';

export type FieldPath = readonly PropertyKey[];

/** A fault whose path is still a list of keys. */
export interface FieldFault {
  readonly path: FieldPath;
  readonly message: string;
}

/** A path as a person writes it: `grid.points[3].semantic`. */
export function writePath(path: FieldPath): string {
  return path.reduce<string>((written, key) => {
    if (typeof key === 'number') return `${written}[${key}]`;
    const name = String(key);
    if (!/^[\w$-]{1,60}$/.test(name)) return `${written}[${JSON.stringify(shorten(name))}]`;
    return written === '' ? name : `${written}.${name}`;
  }, '');
}

export function inputFault({ path, message }: FieldFault): InputFault {
  return { path: writePath(path), message };
}

/** A found value in a few words; text is quoted and escaped, so that it cannot move a terminal's cursor. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') {
    const keys = Object.keys(value);
    if (keys.length === 0) return 'an empty mapping';
    return `a mapping of ${keys.slice(0, 5).map(quote).join(', ')}${keys.length > 5 ? ', …' : ''}`;
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : `a ${typeof value}`;
}

/** In single quotes, everything but printable characters escaped. */
export function quote(text: string): string {
  const escaped = JSON.stringify(shorten(text)).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${escaped.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  })}'`;
}

/** A text, cut to what fits a sentence. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** Names that a spec brings itself can be any number. */
const shownNames = 40;

function listed(names: readonly string[]): string {
  return [...names.slice(0, shownNames), ...(names.length > shownNames ? ['…'] : [])].join(', ');
}

/** `; did you mean 'depth'?` for a name near a known one, and the known ones. */
export function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const list = known.length === 0 ? '' : `; known: ${listed(known)}`;
  return meant === undefined ? list : `; did you mean ${quote(meant)}?${list === '' ? '' : ` (${list.slice(2)})`}`;
}

const nouns: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function boundMessage(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig>): string {
  const [bound, words] =
    issue.code === 'too_small'
      ? [issue.minimum, issue.inclusive === false ? 'more than' : 'at least']
      : [issue.maximum, issue.inclusive === false ? 'less than' : 'at most'];
  const things = issue.origin === 'array' ? 'entries' : issue.origin === 'string' ? 'characters' : undefined;
  if (things === undefined) return `must be ${words} ${String(bound)}`;
  if (issue.code === 'too_small' && bound === 1) return 'must not be empty';
  return `must have ${words} ${String(bound)} ${things}`;
}

/** What keys of a mapping are, where they are more than keys; the schema says so by registering itself. */
export type KeyNouns = z.core.$ZodRegistry<{ noun: string }>;

/**
 * What is allowed where an issue is. Given to zod as its error map, because only there an issue knows its schema. For
 * unknown keys it gives one line per key.
 */
export function allowed(issue: z.core.$ZodRawIssue, keyNouns: KeyNouns): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const definition = (issue.inst as z.core.$ZodType | undefined)?._zod.def;
      const whole = definition !== undefined && 'format' in definition && definition.format === 'safeint';
      return `must be ${nouns[whole ? 'int' : issue.expected] ?? issue.expected}`;
    }
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${listed(issue.values.map(String))}`;
    case 'too_small':
    case 'too_big':
      return boundMessage(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return `must be one of ${discriminatorOptions(issue).join(', ')}`;
    case 'unrecognized_keys': {
      const schema = issue.inst as z.core.$ZodType | undefined;
      const known = shapeKeys(schema);
      const noun = schema === undefined ? undefined : keyNouns.get(schema)?.noun;
      const message = noun === undefined ? 'is not a known key' : `is not a ${noun}`;
      return issue.keys.map((key) => `${message}${suggestion(key, known)}`).join('\n');
    }
    default:
      return undefined;
  }
}

function shapeKeys(schema: z.core.$ZodType | undefined): string[] {
  const definition = schema?._zod.def;
  return definition !== undefined && 'shape' in definition ? Object.keys(definition.shape as object) : [];
}

function discriminatorOptions(issue: object): string[] {
  const options = 'options' in issue && Array.isArray(issue.options) ? (issue.options as unknown[]) : [];
  return options.filter((option) => option !== undefined).map(String);
}

/** The faults that one of zod's issues stands for: where, what is allowed, what was found. */
export function faultsOfIssue(issue: z.core.$ZodIssue, at: FieldPath): FieldFault[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'custom') return [{ path, message: issue.message }];
  if (issue.code === 'unrecognized_keys') {
    const lines = issue.message.split('\n');
    return issue.keys.map((key, index) => ({ path: [...path, key], message: lines[index] ?? issue.message }));
  }
  let found = issue.input;
  let known: string[] = [];
  if (issue.code === 'invalid_union') {
    const discriminator = 'discriminator' in issue ? issue.discriminator : undefined;
    if (discriminator !== undefined) found = (found as Record<string, unknown> | undefined)?.[discriminator];
    known = discriminatorOptions(issue);
  }
  if (issue.code === 'invalid_value') known = issue.values.map(String);
  if (found === undefined) return [{ path, message: `is missing; it ${issue.message}` }];
  const meant = typeof found === 'string' ? nearest(found, known) : undefined;
  const question = meant === undefined ? '' : `; did you mean ${quote(meant)}?`;
  return [{ path, message: `${issue.message}; found ${showValue(found)}${question}` }];
}
