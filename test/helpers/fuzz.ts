import fc from 'fast-check';

/** Of the runs in CI: the same cases every time, so that a run tells about the change and not about luck. */
const ciSeed = 20_261_128;

/**
 * How much a fuzz test tries. In CI a fixed number of fixed cases; under `npm run fuzz` new ones until its time is up.
 * A failure prints seed and path, which SIGMASWEEP_FUZZ_SEED takes to begin with the same cases again.
 */
export function fuzzBudget(casesInCi: number): Pick<fc.Parameters, 'numRuns' | 'seed'> & {
  plugins?: fc.UniversalPlugin[];
} {
  const { SIGMASWEEP_FUZZ_SECONDS: seconds, SIGMASWEEP_FUZZ_SEED: seed } = process.env;
  if (seconds === undefined) return { numRuns: casesInCi, seed: ciSeed };
  return {
    numRuns: Number.MAX_SAFE_INTEGER,
    plugins: [fc.interruptAfterTimeLimit(Number(seconds) * 1000)],
    seed: seed === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(seed),
  };
}

/** Values that programs stumble over, beside any JSON. */
const awkward: readonly unknown[] = [
  ...[null, true, false, '', ' ', [], {}, [[]], [{}], { a: null }],
  ...[0, -0, -1, 0.5, 1e-7, 1e-300, 1e12, 1e308, 2 ** 31, 2 ** 31 - 1, 2 ** 53, -(2 ** 63), 4_294_967_296],
  ...['__proto__', 'constructor', 'toString', 'null', 'NaN', '1e400', '0x10', 'true', '-1', '1.5'],
  ...['a\0b', '\ud800', '\u202egnp.exe', '\u001b[2J', 'a\nb', '\r\n', '\ufeff', '\u{1f600}', 'e\u0301'],
  ...["'; DROP TABLE trial; --", '<img src=x onerror=alert(1)>', '${7*7}', '{{7*7}}', '%s%n', '`id`', '$(id)'],
  ...[
    '../../etc/passwd',
    '/etc/passwd',
    '..\\..',
    'a.>',
    '*',
    '>',
    '$JS.API.STREAM.DELETE.X',
    'sigmasweep.v1.api.list',
  ],
  'x'.repeat(300),
  'x'.repeat(70_000),
  Array.from({ length: 3000 }, (_, index) => index),
  Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key${index}`, index])),
  Array.from({ length: 60 }).reduce((inside: unknown) => [inside], 0),
  Array.from({ length: 60 }).reduce((inside: unknown) => ({ inside }), 0),
];

export const awkwardText = fc.oneof(
  fc.constantFrom(...awkward.filter((value): value is string => typeof value === 'string')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
export const awkwardValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...awkward) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** A change of a document, as data: so a failing case is shown, and shrunk, as the changes that matter. */
interface Edit {
  readonly how: 'replace' | 'remove' | 'rename' | 'add' | 'copy' | 'repeat' | 'wrap';
  /** Which of the document's places, counted round. */
  readonly place: number;
  readonly other: number;
  readonly name: string;
  readonly value: unknown;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom('replace', 'remove', 'rename', 'add', 'copy', 'repeat', 'wrap'),
  place: fc.nat(10_000),
  other: fc.nat(10_000),
  name: awkwardText,
  value: awkwardValue,
});
export const edits = fc.array(edit, { minLength: 1, maxLength: 5 });

interface Place {
  readonly parent: object;
  readonly key: string;
}

function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ parent: value, key });
    // Places beyond these are no different ones.
    if (found.length < 2000) placesIn((value as Record<string, unknown>)[key], found);
  }
  return found;
}

/** Also for `__proto__`, which an assignment would take for something else. */
function put(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function applyOne(document: { root: unknown }, { how, place, other, name, value: given }: Edit): void {
  // A later change may be one of what this one put there.
  const value = structuredClone(given);
  const places = placesIn(document);
  const { parent, key } = places[place % places.length] ?? { parent: document, key: 'root' };
  const present = (parent as Record<string, unknown>)[key];
  const isDocument = parent === document;
  if (how === 'replace') put(parent, key, value);
  else if (how === 'wrap') put(parent, key, place % 2 === 0 ? [present] : { [name]: present });
  else if (how === 'copy') {
    const from = places[other % places.length] ?? { parent: document, key: 'root' };
    put(parent, key, structuredClone((from.parent as Record<string, unknown>)[from.key]));
  } else if (how === 'repeat' && Array.isArray(present)) {
    put(parent, key, [...(present as unknown[]), ...structuredClone(present as unknown[])]);
  } else if (how === 'add' && typeof present === 'object' && present !== null) put(present, name, value);
  else if (isDocument) put(parent, key, value);
  else if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else {
    Reflect.deleteProperty(parent, key);
    if (how === 'rename') put(parent, name, present);
  }
}

/** A copy of a JSON document with changes. */
export function edited(document: unknown, changes: readonly Edit[]): unknown {
  const holder = { root: structuredClone(document) };
  for (const change of changes) applyOne(holder, change);
  return holder.root;
}

/** A change of a text. */
interface TextEdit {
  readonly how: 'cut' | 'insert' | 'repeat' | 'move';
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly text: string;
}

/** What YAML and JSON give a meaning to. */
const tokens = [
  ...[': ', '- ', '? ', '{', '}', '[', ']', ',', '"', "'", '|', '>', '&a ', '*a', '<<: *a', '!!js ', '!!binary '],
  ...[
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '# ',
    '\t',
    '\n',
    '\r',
    '\0',
    '~',
    'null',
    '.inf',
    '.nan',
    '0o17',
    '1_000',
    '\\u0000',
  ],
  ...['  ', '\u2028', '\u00a0', '\ud83d', 'yes', '2026-01-01', '[[[[', '{a: {a: {a: ', '1e999', '9'.repeat(400)],
];

const textEdit: fc.Arbitrary<TextEdit> = fc.record({
  how: fc.constantFrom('cut', 'insert', 'insert', 'repeat', 'move'),
  at: fc.nat(100_000),
  length: fc.nat(60),
  to: fc.nat(100_000),
  text: fc.oneof(fc.constantFrom(...tokens), awkwardText),
});
export const textEdits = fc.array(textEdit, { minLength: 1, maxLength: 6 });

export function editedText(text: string, changes: readonly TextEdit[]): string {
  return changes.reduce((now, { how, at, length, to, text: given }) => {
    const start = at % (now.length + 1);
    const part = now.slice(start, start + length);
    const [before, after] = [now.slice(0, start), now.slice(start + length)];
    if (how === 'cut') return before + after;
    if (how === 'insert') return before + given + now.slice(start);
    if (how === 'repeat') return before + part.repeat(1 + (to % 30)) + after;
    const rest = before + after;
    const target = to % (rest.length + 1);
    return rest.slice(0, target) + part + rest.slice(target);
  }, text);
}
