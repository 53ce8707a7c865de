import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compressed = promisify(gzip);

/** What a request is answered with, made once for all who ask for the same. */
export class SharedAnswer {
  readonly etag: string;
  #small: Promise<Buffer<ArrayBuffer>> | undefined;

  constructor(
    readonly text: string,
    readonly contentType: string,
  ) {
    this.etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 24)}"`;
  }

  /** The same, compressed once. */
  small(): Promise<Buffer<ArrayBuffer>> {
    this.#small ??= compressed(this.text) as Promise<Buffer<ArrayBuffer>>;
    return this.#small;
  }
}

interface Entry {
  readonly version: number;
  readonly at: number;
  /** Undefined where there is nothing to share: not found, or a fault. */
  readonly made: Promise<SharedAnswer | undefined>;
}

/** An answer is shared for no longer than this, in milliseconds: notices can be lost, and clocks go on. */
const longest = 1000;
const most = 1000;

/**
 * Answers that many pages ask for at the same moment, each after the same notice of a change. They are kept until the
 * next change, and for a second at the most.
 */
export class SharedAnswers {
  /** In the order in which they were made. */
  readonly #kept = new Map<string, Entry>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * @param key tells requests apart that are answered differently
   * @param version differs when what is answered may have changed
   * @param make called at most once at a time for a version
   */
  read(key: string, version: number, make: () => Promise<SharedAnswer | undefined>): Promise<SharedAnswer | undefined> {
    const before = this.#kept.get(key);
    if (before?.version === version && this.now() - before.at < longest) return before.made;
    this.#kept.delete(key);
    const entry: Entry = { version, at: this.now(), made: make() };
    this.#kept.set(key, entry);
    this.#forgetOld();
    const forget = (): void => {
      if (this.#kept.get(key) === entry) this.#kept.delete(key);
    };
    entry.made.then((answer) => {
      if (answer === undefined) forget();
    }, forget);
    return entry.made;
  }

  #forgetOld(): void {
    for (const [key, { at }] of this.#kept) {
      if (this.#kept.size <= most && this.now() - at < longest) return;
      this.#kept.delete(key);
    }
  }
}
