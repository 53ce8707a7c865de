import { contentHash } from '../shared/canonical-json.js';
import { newId } from '../shared/ids.js';
import type { SweepSpec } from '../shared/sweep-spec/parse.js';

/**
 * A submission of a spec. The idempotency key is made from the spec, so that the same command after an interruption goes
 * on with the same sweep; `fresh` makes a key of its own.
 */
export function submission(spec: SweepSpec, fresh: boolean): { spec: SweepSpec; idempotencyKey: string } {
  return { spec, idempotencyKey: fresh ? newId('sweep') : `spec-${contentHash(spec)}` };
}
