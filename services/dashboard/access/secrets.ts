import { isToken } from './token.js';
import type { Role } from './identity.js';

/** How the dashboard lets people in. */
export interface AccessSettings {
  /** Lets operate; undefined only when it listens on loopback. */
  readonly token: string | undefined;
  /** Lets look at everything and change nothing. */
  readonly viewToken: string | undefined;
  readonly sessionHours: number;
  /** Proxies before this server, whose `X-Forwarded-For` is believed. */
  readonly proxies: number;
}

/** Whether nobody has to say who they are. */
export function isOpen({ token, viewToken }: AccessSettings): boolean {
  return token === undefined && viewToken === undefined;
}

/** What a secret lets do. Both are compared whichever fits, so that the time taken tells nothing. */
export function roleOfSecret(given: string, { token, viewToken }: AccessSettings): Role | undefined {
  const operates = token !== undefined && isToken(given, token);
  const views = viewToken !== undefined && isToken(given, viewToken);
  return operates ? 'operate' : views ? 'view' : undefined;
}
