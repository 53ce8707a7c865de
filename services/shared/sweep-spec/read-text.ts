import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Parser,
  type CST,
  type Document,
  type Node,
} from 'yaml';
import { SpecError } from './spec-error.js';

/** Bounds of what is read: a spec is written by hand, so these are far above any that is meant well. */
const limits = { bytes: 1_000_000, depth: 20, aliases: 100, shownErrors: 5 } as const;

/**
 * Reads a spec's text, YAML 1.2 or JSON (which is YAML). Size, depth and aliases are bounded before anything is built
 * from the text, so that a hostile file costs no more than a long one.
 * @param fileName for the faults: they are at `fileName:line:column`
 * @returns plain values: mappings with text keys, lists, text, numbers, true, false, null
 * @throws SpecError with where the text is wrong
 */
export function readSpecText(text: string, fileName: string): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.bytes) {
    const message = `has ${bytes.toLocaleString('en-US')} bytes; at most ${limits.bytes.toLocaleString('en-US')} are read`;
    throw new SpecError([{ path: fileName, message }]);
  }
  const lines = new LineCounter();
  const fail = (found: readonly Finding[]): SpecError =>
    new SpecError(
      found.map(({ offset, message }) => {
        const { line, col } = lines.linePos(offset);
        return { path: `${fileName}:${line}:${col}`, message };
      }),
    );

  const { aliases, tooMuch } = measure(new Parser(lines.addNewLine).parse(text));
  if (tooMuch !== undefined) throw fail([tooMuch]);

  // Unique keys are checked below: the library compares each key with every other.
  const document = parseDocument(text, { version: '1.2', uniqueKeys: false, prettyErrors: false });
  const unreadable = [...document.errors, ...document.warnings].map(({ pos, code, message }) => ({
    offset: pos[0],
    message: code === 'MULTIPLE_DOCS' ? 'a second document begins here; a spec is one document' : message,
  }));
  if (unreadable.length > 0) throw fail(unreadable.slice(0, limits.shownErrors));
  if (document.directives.yaml.version !== '1.2') {
    throw fail([{ offset: 0, message: `YAML ${document.directives.yaml.version} is asked for; specs are YAML 1.2` }]);
  }
  const unwanted = unwantedNodes(document.contents, document);
  if (unwanted.length > 0) throw fail(unwanted);

  try {
    const value = document.toJS({ maxAliasCount: limits.aliases }) as unknown;
    // Aliases share what they name, so that only written out one sees how much they stand for.
    if (aliases === 0 || JSON.stringify(value).length <= limits.bytes) return value;
  } catch (cause) {
    // What contains itself, or aliases of aliases of aliases: there is no size to tell.
    if (!(cause instanceof TypeError || cause instanceof ReferenceError)) throw cause;
  }
  throw new SpecError([{ path: fileName, message: 'its aliases stand for more than a spec may hold' }]);
}

interface Finding {
  readonly offset: number;
  readonly message: string;
}

/** Walks the tokens with a stack of its own: text may nest deeper than the call stack goes. */
function measure(tokens: Iterable<CST.Token>): { aliases: number; tooMuch?: Finding } {
  let aliases = 0;
  const open: { token: CST.Token; depth: number }[] = [];
  for (const root of tokens) {
    open.push({ token: root, depth: 0 });
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { token, depth } = next;
      if (token.type === 'alias') {
        aliases += 1;
        if (aliases > limits.aliases) {
          return { aliases, tooMuch: { offset: token.offset, message: `more than ${limits.aliases} aliases` } };
        }
      }
      if (depth > limits.depth) {
        return { aliases, tooMuch: { offset: token.offset, message: `nested deeper than ${limits.depth} levels` } };
      }
      if (token.type === 'document' && token.value !== undefined) open.push({ token: token.value, depth });
      if (!('items' in token)) continue;
      // The last is looked at first: put in from the end, they come in the order of the text.
      for (const item of token.items.toReversed()) {
        if (item.value !== undefined) open.push({ token: item.value, depth: depth + 1 });
        if (item.key != null) open.push({ token: item.key, depth: depth + 1 });
      }
    }
  }
  return { aliases };
}

/** Keys that are not text or come twice, and tags: what YAML can say and a spec has no use for; aliases of nothing. */
function unwantedNodes(node: Node | null, document: Document): Finding[] {
  if (node === null) return [];
  const offset = node.range?.[0] ?? 0;
  if (isAlias(node)) {
    const known = node.resolve(document) !== undefined;
    return known ? [] : [{ offset, message: `the alias *${node.source} names nothing before it` }];
  }
  const tagged = node.tag === undefined ? [] : [{ offset, message: `the tag ${node.tag} is not allowed` }];
  if (isSeq<Node>(node)) return [...tagged, ...node.items.flatMap((item) => unwantedNodes(item, document))];
  if (!isMap<Node, Node | null>(node)) return tagged;
  const seen = new Set<string>();
  return [
    ...tagged,
    ...node.items.flatMap(({ key, value }) => {
      const at = key.range?.[0] ?? offset;
      const below = unwantedNodes(value, document);
      if (!isScalar(key) || typeof key.value !== 'string') {
        return [{ offset: at, message: `the key ${key.toString()} is not text; put it in quotes` }, ...below];
      }
      if (seen.has(key.value)) return [{ offset: at, message: `the key ${key.value} comes twice` }, ...below];
      seen.add(key.value);
      return below;
    }),
  ];
}
