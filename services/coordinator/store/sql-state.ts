/**
 * PostgreSQL's five-letter code of what went wrong, if an error holds one. Prisma and its adapter wrap the driver's
 * error several times, each version in its own way, so every cause is looked at.
 */
export function sqlState(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 6) return undefined;
  const fields = error as Record<string, unknown>;
  for (const code of [fields['originalCode'], fields['code']]) {
    // Prisma's own codes are P and four digits; PostgreSQL's P0001 is the only look-alike, and nothing here raises it.
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('P')) return code;
  }
  for (const inner of [fields['cause'], fields['meta'], fields['driverAdapterError']]) {
    const found = sqlState(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Whether the data itself was refused (class 22: a value that its type cannot hold; class 23: a constraint), as against
 * a database that is away or busy. Only the former would happen again with the same data.
 */
export function isDataFault(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? '');
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/** The server ended this transaction because it and another one waited for each other. */
export function isDeadlock(error: unknown): boolean {
  return sqlState(error) === '40P01';
}

/** Connection lost or refused, or the server is starting, stopping or full. */
export function isDatabaseAway(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(08|53|57P)/.test(state);
  return /ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|DatabaseNotReachable|ConnectionClosed|Connection terminated|timeout exceeded when trying to connect|Can't reach database/.test(
    describe(error),
  );
}

function describe(error: unknown, depth = 0): string {
  if (typeof error !== 'object' || error === null || depth > 6) return '';
  const fields = error as Record<string, unknown>;
  const own = ['message', 'code', 'kind'].map((key) => (typeof fields[key] === 'string' ? fields[key] : '')).join(' ');
  const inner = ['cause', 'meta', 'driverAdapterError'].map((key) => describe(fields[key], depth + 1)).join(' ');
  return `${own} ${inner}`;
}
