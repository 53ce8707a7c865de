import { stringify } from 'yaml';
import { canonicalJson } from '../../shared/canonical-json.js';
import { parseSweepSpec } from '../../shared/sweep-spec/parse.js';
import { sweepSpecJsonSchema } from '../../shared/sweep-spec/json-schema.js';

interface SchemaNode {
  readonly default?: unknown;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
}

/** Made once: it takes long, and the definition doesn't change while the program runs. */
let specSchema: SchemaNode | undefined;

function schemaOf(spec: Mapping): SchemaNode | undefined {
  specSchema ??= sweepSpecJsonSchema() as SchemaNode;
  return optionOf(specSchema.oneOf ?? [], spec);
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** The option of a union that a value belongs to, by the constants in it. */
function optionOf(options: readonly SchemaNode[], value: unknown): SchemaNode | undefined {
  if (!isMapping(value)) return undefined;
  return options.find(({ properties = {} }) =>
    Object.entries(properties).every(([key, { const: constant }]) => constant === undefined || value[key] === constant),
  );
}

/** A value without what its schema fills in by itself; undefined when nothing is left. */
function withoutDefaults(value: unknown, given: SchemaNode | undefined): unknown {
  const node = given?.oneOf === undefined ? given : { ...optionOf(given.oneOf, value), default: given.default };
  if (node === undefined) return value;
  if (node.default !== undefined && same(value, node.default)) return undefined;
  if (Array.isArray(value)) return value.map((item: unknown) => withoutDefaults(item, node.items) ?? item);
  if (!isMapping(value) || node.properties === undefined) return value;
  const kept = Object.entries(value).flatMap(([key, field]): [string, unknown][] => {
    const left = withoutDefaults(field, node.properties?.[key]);
    return left === undefined ? [] : [[key, left]];
  });
  return kept.length === 0 && node.default !== undefined ? undefined : Object.fromEntries(kept);
}

/**
 * The text of a stored spec, to start another from: without the defaults that were filled in, as a person would write
 * it, as long as it then still means the same.
 */
export function textOfSpec(stored: unknown): string {
  const write = (value: unknown): string => stringify(value, { lineWidth: 100, flowCollectionPadding: true });
  if (!isMapping(stored)) return write(stored);
  const short = withoutTasks(withoutDefaults(stored, schemaOf(stored)) as Mapping);
  try {
    const meaning = (value: unknown): string => canonicalJson(parseSweepSpec(value, { quick: false }));
    return meaning(short) === meaning(stored) ? write(short) : write(stored);
  } catch {
    // A spec of another version: the person sees it as it is, with its faults.
    return write(stored);
  }
}

/** Weightings for all tasks of the sweep need not say so. */
function withoutTasks(spec: Mapping): Mapping {
  const { weightings, tasks } = spec;
  if (!Array.isArray(weightings)) return spec;
  return {
    ...spec,
    weightings: weightings.map((entry: unknown) => {
      if (!isMapping(entry) || (!same(entry['tasks'], tasks) && entry['method'] !== 'fixed')) return entry;
      return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== 'tasks'));
    }),
  };
}
