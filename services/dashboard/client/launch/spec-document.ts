import { isCollection, isMap, isNode, Lexer, LineCounter, parseDocument, type Document } from 'yaml';
import { isMapping, valueAt, type Path } from '../../launch/form-model.js';

/** A spec's text that can be read, as a document whose comments and layout outlive a change of a value. */
export class SpecDocument {
  readonly #document: Document;
  readonly #lines: LineCounter;
  /** Plain values; an empty mapping for an empty text. */
  readonly value: Readonly<Record<string, unknown>>;

  private constructor(document: Document, lines: LineCounter, value: Readonly<Record<string, unknown>>) {
    this.#document = document;
    this.#lines = lines;
    this.value = value;
  }

  /** Undefined when the text is no mapping that can be read. */
  static read(text: string): SpecDocument | undefined {
    const lines = new LineCounter();
    const document = parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false });
    if (document.errors.length > 0) return undefined;
    try {
      const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
      return isMapping(value) ? new SpecDocument(document, lines, value) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The line, from 1, where a value is written, or the nearest thing around it that is. */
  lineOf(path: Path): number | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const parent: unknown = this.#nodeAt(path.slice(0, length - 1));
      const key = path[length - 1];
      const pair = isMap(parent)
        ? parent.items.find((item) => String(item.key) === String(key))?.key
        : isCollection(parent)
          ? parent.get(key, true)
          : undefined;
      if (isNode(pair) && pair.range) return this.#lines.linePos(pair.range[0]).line;
    }
    return undefined;
  }

  #nodeAt(path: Path): unknown {
    return path.length === 0 ? this.#document.contents : this.#document.getIn([...path], true);
  }

  /**
   * The text with another value at a path. Without a value the entry is taken out, and mappings that are left empty by
   * that are too.
   * @param inline written on one line
   * @throws when the place is written as an alias of another
   */
  withValue(path: Path, value: unknown, inline: boolean): string {
    if (value === undefined) this.#remove(path);
    else this.#set(path, value, inline);
    return withTightLists(this.#document.toString({ lineWidth: 0 }));
  }

  #set(path: Path, value: unknown, inline: boolean): void {
    // `limits:` without anything after it is nothing, and nothing can't hold an entry.
    for (let length = 1; length < path.length; length += 1) {
      const above = path.slice(0, length);
      if (valueAt(this.value, above) === null) this.#document.deleteIn([...above]);
    }
    const before: unknown = this.#nodeAt(path);
    const node = this.#document.createNode(value);
    if (isCollection(node)) node.flow = isCollection(before) ? before.flow === true : inline;
    if (isNode(before) && isNode(node)) {
      node.comment = before.comment ?? null;
      node.commentBefore = before.commentBefore ?? null;
      node.spaceBefore = before.spaceBefore === true;
    }
    this.#document.setIn([...path], node);
  }

  #remove(path: Path): void {
    if (this.#nodeAt(path) === undefined) return;
    this.#document.deleteIn([...path]);
    const above = path.slice(0, -1);
    const parent = this.#nodeAt(above);
    const isEmpty = isCollection(parent) && parent.items.length === 0;
    // A row of a list stays although nothing is in it yet.
    if (isEmpty && above.length > 0 && typeof above.at(-1) === 'string') this.#remove(above);
  }
}

/** Lexemes that stand for no characters of the text. */
const marks = new Set(['\u0002', '\u0018', '\u001f']);

/** `[ 1, 2 ]` as people write it, `[1, 2]`; the library pads lists like mappings, `{ a: 1 }`. */
function withTightLists(text: string): string {
  const lexemes = [...new Lexer().lex(text)].filter((lexeme) => !marks.has(lexeme));
  const isPadding = (lexeme: string, index: number): boolean =>
    /^ +$/.test(lexeme) && (lexemes[index - 1] === '[' || lexemes[index + 1] === ']');
  return lexemes.filter((lexeme, index) => !isPadding(lexeme, index)).join('');
}
