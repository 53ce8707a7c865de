/** What a form can show of a JSON Schema, worked out without a page: the browser only draws it. */

export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
}

/** Where a value is in a spec. */
export type Path = readonly (string | number)[];

interface Common {
  readonly path: Path;
  readonly label: string;
  readonly about: string | undefined;
  readonly required: boolean;
  /** What counts while nothing is given, as text. */
  readonly usual: string | undefined;
}

export type Field = Common &
  (
    | { readonly kind: 'text'; readonly value: string; readonly longest: number | undefined }
    | {
        readonly kind: 'number';
        readonly value: string;
        readonly whole: boolean;
        readonly least: number | undefined;
        readonly most: number | undefined;
      }
    /** Several numbers or words, with commas between them. */
    | { readonly kind: 'list'; readonly value: string; readonly numbers: boolean }
    | { readonly kind: 'choice'; readonly value: string; readonly options: readonly Option[] }
    | { readonly kind: 'switch'; readonly value: boolean }
    /** Some of the known names, in the order in which they were chosen. */
    | { readonly kind: 'set'; readonly value: readonly string[]; readonly options: readonly Option[] }
    | { readonly kind: 'group'; readonly fields: readonly Field[]; readonly given: boolean }
    /** One of several shapes: a choice, and the fields of what is chosen. */
    | {
        readonly kind: 'variant';
        readonly by: string;
        readonly value: string;
        readonly options: readonly Option[];
        readonly chosenAbout: string | undefined;
        readonly fields: readonly Field[];
        readonly given: boolean;
      }
    /** At most one of its fields is given. */
    | { readonly kind: 'one-of'; readonly value: string; readonly options: readonly Option[]; readonly chosen: Field[] }
    | { readonly kind: 'rows'; readonly rows: readonly Field[]; readonly addition: unknown }
    /** A value whose shape the form does not know, or that is not of the schema's shape: it is changed in the text. */
    | { readonly kind: 'text-only' }
  );

export interface Option {
  readonly value: string;
  readonly label: string;
}

type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** "batchSize" → "Batch size". */
export function labelOf(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** A value as a control shows it. */
function written(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isPlain = (value: unknown): boolean => value === undefined || !isMapping(value);

function isListOf(items: SchemaNode | undefined, types: readonly string[]): boolean {
  return items?.type !== undefined && types.includes(items.type) && items.enum === undefined;
}

/** Names that mean a task, of which only the sweep's own have a field. */
interface Names {
  readonly known: readonly string[];
  readonly chosen: readonly string[];
}

interface Place {
  readonly path: Path;
  readonly label: string;
  readonly required: boolean;
  readonly names: Names;
  /** The spec at its full size, for the fields of `quick`: which shape they have is said there. */
  readonly whole: Mapping;
}

/** The schema of the spec's workload, or that of the first one. */
export function schemaOfWorkload(schema: SchemaNode, spec: Mapping): SchemaNode {
  const options = schema.oneOf ?? [];
  const chosen = options.find((option) => option.properties?.['workload']?.const === spec['workload']);
  return chosen ?? options[0] ?? schema;
}

/** The fields of the form for a spec as it is, in the schema's order. */
export function formOf(schema: SchemaNode, spec: Mapping): Field[] {
  const { properties = {}, required = [] } = schemaOfWorkload(schema, spec);
  const workloads = (schema.oneOf ?? []).map((option) => String(option.properties?.['workload']?.const));
  const known = (properties['tasks']?.items?.enum ?? []).map(String);
  const given = Array.isArray(spec['tasks']) ? spec['tasks'].map(String).filter((name) => known.includes(name)) : [];
  const names = { known, chosen: given.length > 0 ? given : known };
  return Object.entries(properties)
    .filter(([key]) => key !== '$schema')
    .map(([key, node]) => {
      const place = { path: [key], label: labelOf(key), required: required.includes(key), names, whole: spec };
      // The workload decides about the schema itself: every one of them can be chosen.
      const shown = key === 'workload' ? { ...withoutConst(node), enum: workloads } : node;
      return fieldOf(shown, spec[key], place);
    });
}

function withoutConst(node: SchemaNode): SchemaNode {
  return Object.fromEntries(Object.entries(node).filter(([key]) => key !== 'const'));
}

function fieldOf(node: SchemaNode, value: unknown, place: Place): Field {
  const common: Common = {
    path: place.path,
    label: place.label,
    about: node.description,
    required: place.required,
    usual: node.default === undefined || isMapping(node.default) ? undefined : listed(node.default),
  };
  const textOnly: Field = { ...common, kind: 'text-only' };
  const options = node.oneOf ?? node.anyOf;
  if (options !== undefined) return variantOf(common, options, value, place) ?? textOnly;
  if (node.enum !== undefined) {
    if (!isPlain(value)) return textOnly;
    return { ...common, kind: 'choice', value: written(value), options: optionsOf(node.enum, written(value)) };
  }
  switch (node.type) {
    case 'string':
      return isPlain(value) ? { ...common, kind: 'text', value: written(value), longest: node.maxLength } : textOnly;
    case 'integer':
    case 'number':
      return isPlain(value)
        ? {
            ...common,
            kind: 'number',
            value: written(value),
            whole: node.type === 'integer',
            least: node.minimum ?? node.exclusiveMinimum,
            most: node.maximum ?? node.exclusiveMaximum,
          }
        : textOnly;
    case 'boolean':
      return { ...common, kind: 'switch', value: typeof value === 'boolean' ? value : node.default === true };
    case 'array':
      return arrayOf(common, node, value, place);
    case 'object':
      return objectOf(common, node, value, place) ?? textOnly;
    default:
      return textOnly;
  }
}

/** Lists read better without brackets. */
function listed(value: unknown): string {
  return Array.isArray(value) ? value.map(written).join(', ') : written(value);
}

function optionsOf(values: readonly unknown[], value: string): Option[] {
  const known = values.map((one) => ({ value: String(one), label: String(one) }));
  // What is written and not known stays visible until it is changed; the check says what is wrong with it.
  return value === '' || known.some((one) => one.value === value)
    ? known
    : [...known, { value, label: `${value} (unknown)` }];
}

function arrayOf(common: Common, node: SchemaNode, value: unknown, place: Place): Field {
  const { items } = node;
  if (value !== undefined && !Array.isArray(value)) return { ...common, kind: 'text-only' };
  const entries: readonly unknown[] = value ?? [];
  if (items?.enum !== undefined) {
    const known = place.path[0] === 'tasks' ? place.names.known : place.names.chosen;
    const offered = items.enum.map(String).filter((name) => known.includes(name) || entries.includes(name));
    return {
      ...common,
      kind: 'set',
      value: entries.map(String),
      options: offered.map((name) => ({ value: name, label: name })),
    };
  }
  if (isListOf(items, ['integer', 'number', 'string']) && entries.every(isPlain)) {
    return { ...common, kind: 'list', value: entries.map(written).join(', '), numbers: items?.type !== 'string' };
  }
  if (items === undefined || (items.type !== 'object' && items.oneOf === undefined)) {
    return { ...common, kind: 'text-only' };
  }
  const rows = entries.map((entry, index) =>
    fieldOf(items, entry, { ...place, path: [...place.path, index], label: String(index + 1), required: false }),
  );
  return { ...common, kind: 'rows', rows, addition: additionOf(items, place.names) };
}

/** What a new row begins with: the first shape with what it must have, or a weight for each task. */
function additionOf(items: SchemaNode, names: Names): unknown {
  const [by, constant] = discriminator(items.oneOf ?? [])?.first ?? [];
  if (by !== undefined) return { [by]: constant };
  return Object.fromEntries(names.chosen.map((name) => [name, 1]));
}

function discriminator(options: readonly SchemaNode[]): { by: string; first: readonly [string, unknown] } | undefined {
  const entry = Object.entries(options[0]?.properties ?? {}).find(([, { const: constant }]) => constant !== undefined);
  return entry === undefined ? undefined : { by: entry[0], first: [entry[0], entry[1].const] };
}

function objectOf(common: Common, node: SchemaNode, value: unknown, place: Place): Field | undefined {
  if (value !== undefined && value !== null && !isMapping(value)) return undefined;
  const given = value ?? {};
  if (node.maxProperties === 1) {
    const [chosen] = Object.keys(given);
    const properties = node.properties ?? {};
    const inner = chosen === undefined ? undefined : properties[chosen];
    const path = [...place.path, chosen ?? ''];
    return {
      ...common,
      kind: 'one-of',
      value: chosen ?? '',
      options: Object.keys(properties).map((name) => ({ value: name, label: name })),
      chosen:
        chosen === undefined || inner === undefined
          ? []
          : [fieldOf(inner, given[chosen], { ...place, path, label: labelOf(chosen), required: true })],
    };
  }
  return { ...common, kind: 'group', fields: fieldsOf(node, given, place, []), given: value !== undefined };
}

function fieldsOf(node: SchemaNode, given: Mapping, place: Place, skipped: readonly string[]): Field[] {
  const { known, chosen } = place.names;
  return Object.entries(node.properties ?? {})
    .filter(([key]) => !skipped.includes(key))
    .filter(([key]) => !known.includes(key) || chosen.includes(key) || Object.hasOwn(given, key))
    .map(([key, inner]) =>
      fieldOf(inner, given[key], {
        ...place,
        path: [...place.path, key],
        label: known.includes(key) ? key : labelOf(key),
        required: node.required?.includes(key) === true,
      }),
    );
}

function variantOf(common: Common, options: readonly SchemaNode[], value: unknown, place: Place): Field | undefined {
  const found = discriminator(options);
  if (found === undefined || (value !== undefined && value !== null && !isMapping(value))) return undefined;
  const { by } = found;
  const given = value ?? {};
  const constantOf = (option: SchemaNode): string => written(option.properties?.[by]?.const);
  const named = written(given[by]);
  // Inside `quick` a name left out is that of the spec itself.
  const above = place.path[0] === 'quick' ? valueAt(place.whole, [...place.path.slice(1), by]) : undefined;
  const usual = options.find((option) => option.properties?.[by]?.default !== undefined) ?? options[0];
  const assumed = written(above) || (usual === undefined ? '' : constantOf(usual));
  const chosen = options.find((option) => constantOf(option) === (named || assumed));
  const about = chosen?.properties?.[by]?.description;
  return {
    ...common,
    usual: assumed,
    kind: 'variant',
    by,
    value: named,
    options: optionsOf(options.map(constantOf), named),
    chosenAbout: about === common.about ? undefined : about,
    fields: chosen === undefined ? [] : fieldsOf(chosen, given, place, [by]),
    given: value !== undefined,
  };
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return typeof key === 'number' ? (inner[key] as unknown) : undefined;
    return isMapping(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }, value);
}

/** A path as faults write it (`grid.points[3].semantic`) as keys. */
export function readPath(text: string): Path {
  const keys: (string | number)[] = [];
  for (const [, name, index, quoted] of text.matchAll(/(?:^|\.)([\w$-]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    if (name !== undefined) keys.push(name);
    else if (index !== undefined) keys.push(Number(index));
    else if (quoted !== undefined) keys.push(JSON.parse(quoted) as string);
  }
  return keys;
}

/** What a list's control says: numbers where they are ones, otherwise the words as they are. */
export function readList(text: string, numbers: boolean): unknown[] {
  return text
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .map((part) => (numbers && Number.isFinite(Number(part)) ? Number(part) : part));
}
