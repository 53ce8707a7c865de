/** Prisma's and Node's codes for a database that cannot be reached, as against a query that is wrong. */
const unreachableCodes = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1010',
  'P1017',
  'P2024',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  // PostgreSQL: shutting down, crashed, starting up, too many connections.
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);
const unreachableKinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

/** Whether an error means that the database is away for now. Looks through causes: adapters wrap what went wrong. */
export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const fields = error as Record<string, unknown>;
  if ([fields['code'], fields['originalCode']].some((code) => typeof code === 'string' && unreachableCodes.has(code))) {
    return true;
  }
  if (typeof fields['kind'] === 'string' && unreachableKinds.has(fields['kind'])) return true;
  const message = typeof fields['message'] === 'string' ? fields['message'] : '';
  if (/timeout exceeded when trying to connect|Connection terminated/.test(message)) return true;
  const meta = fields['meta'];
  const nested =
    typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>)['driverAdapterError'] : null;
  return [fields['cause'], nested].some((inner) => isDatabaseUnavailable(inner, depth + 1));
}
