import { Document, isPair, isScalar, visit } from 'yaml';
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
  // In the order of the definition: a stored JSON object has lost its own.
  const known = Object.keys(node.properties).filter((key) => Object.hasOwn(value, key));
  const keys = [...new Set([...known, ...Object.keys(value)])];
  const kept = keys.flatMap((key): [string, unknown][] => {
    const left = withoutDefaults(value[key], node.properties?.[key]);
    return left === undefined ? [] : [[key, left]];
  });
  return kept.length === 0 && node.default !== undefined ? undefined : Object.fromEntries(kept);
}

/** Longer than this a list or mapping stands on lines of its own. */
const longestLine = 90;

/** YAML as a person would write it: short lists and mappings on one line. */
function written(value: unknown): string {
  const document = new Document(value);
  visit(document, {
    Collection: (_, node, path) => {
      const plain = node.items.every((item) => isScalar(isPair(item) ? item.value : item));
      const isRoot = path.length === 1;
      if (!isRoot && plain && JSON.stringify(node).length <= longestLine) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 100, flowCollectionPadding: true });
}

/**
 * The text of a stored spec, to start another from: without the defaults that were filled in, as a person would write
 * it, as long as it then still means the same.
 */
export function textOfSpec(stored: unknown): string {
  if (!isMapping(stored)) return written(stored);
  const short = withoutTasks(withoutDefaults(stored, schemaOf(stored)) as Mapping);
  try {
    const meaning = (value: unknown): string => canonicalJson(parseSweepSpec(value, { quick: false }));
    return meaning(short) === meaning(stored) ? written(short) : written(stored);
  } catch {
    // A spec of another version: the person sees it as it is, with its faults.
    return written(stored);
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
