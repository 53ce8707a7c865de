// Prisma and pg look at each element of an array that is given to them, several times. Where arrays hold thousands of
// elements, as in a batch of metrics or of new trials, that is most of the work; here an array is made into one text.

/** A PostgreSQL array literal of texts; PostgreSQL's own escapes, so that any text without NUL is kept. */
export function textArrayLiteral(values: readonly string[]): string {
  return `{${values.map(quoted).join()}}`;
}

/** The same for many texts of which few are different, such as names of metrics: each one is looked at once. */
export function nameArrayLiteral(names: readonly string[]): string {
  const known = new Map<string, string>();
  return `{${names
    .map((name) => {
      const found = known.get(name);
      if (found !== undefined) return found;
      const literal = quoted(name);
      known.set(name, literal);
      return literal;
    })
    .join()}}`;
}

/** A PostgreSQL array literal of finite numbers; each is written so that it is read as the same double. */
export function numberArrayLiteral(values: readonly number[]): string {
  return `{${values.join()}}`;
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replaceAll(/["\\]/g, String.raw`\$&`) : text}"`;
}
