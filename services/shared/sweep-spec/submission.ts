import { contentHash } from '../canonical-json.js';
import type { SweepSpec } from './parse.js';

/** What tells one sweep from another. When and where it is trained does not: a changed schedule is no new sweep. */
export function identityOfSpec(spec: object): string {
  return contentHash(Object.fromEntries(Object.entries(spec).filter(([name]) => name !== 'schedule')));
}

/**
 * A submission of a spec. The idempotency key is made from the spec, so that the same spec handed in again, after an
 * interruption or by a second click, goes on with the same sweep.
 * @param freshKey stands for the submission instead, so that a spec that was submitted before is trained again
 */
export function submission(spec: SweepSpec, freshKey?: string): { spec: SweepSpec; idempotencyKey: string } {
  return { spec, idempotencyKey: freshKey ?? `spec-${identityOfSpec(spec)}` };
}
