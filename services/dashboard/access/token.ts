import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { SigmasweepError } from '../../shared/errors.js';

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === 'localhost') return true;
  if (isIP(bare) === 4) return bare.startsWith('127.');
  return bare === '::1' || bare.startsWith('::ffff:127.');
}

/**
 * @param host the address to listen on
 * @throws SigmasweepError VIEW_TOKEN_ALONE when people could look and nobody could operate; PUBLIC_BIND_WITHOUT_TOKEN when other machines could read and cancel sweeps without a password
 */
export function checkBinding(host: string, token: string | undefined, viewToken?: string): void {
  if (viewToken !== undefined && token === undefined) {
    throw new SigmasweepError(
      'VIEW_TOKEN_ALONE',
      'SIGMASWEEP_VIEW_TOKEN is set and SIGMASWEEP_TOKEN is not: nobody could operate.',
      {
        hint: 'Set SIGMASWEEP_TOKEN as well, to another secret of at least 16 characters.',
      },
    );
  }
  if (isLoopback(host) || token !== undefined) return;
  throw new SigmasweepError(
    'PUBLIC_BIND_WITHOUT_TOKEN',
    `The dashboard was told to listen on ${host}, which other machines can reach, and no token is set.`,
    { hint: 'Set SIGMASWEEP_TOKEN to at least 16 characters, or listen on 127.0.0.1 and use an SSH tunnel.' },
  );
}

/** Compares digests, so that the time taken tells neither length nor content of the token. */
export function isToken(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
