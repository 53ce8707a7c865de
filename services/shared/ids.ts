import { randomBytes } from 'node:crypto';
import { contentHash } from './canonical-json.js';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new id of 60 random bits with a prefix that tells what it names, for example `sweep-4k1…`. */
export function newId(prefix: 'sweep' | 'worker' | 'claim'): string {
  const letters = Array.from(randomBytes(12), (byte) => alphabet[byte % 32]);
  return `${prefix}-${letters.join('')}`;
}

/** The id of a trial: the same sweep and configuration always give the same one. */
export function trialId(sweepId: string, config: unknown): string {
  return `${sweepId.replace(/^sweep-/, 'trial-')}-${contentHash(config).slice(0, 12)}`;
}
