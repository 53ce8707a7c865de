import { SigmasweepError } from '../../shared/errors.js';
import { parseSweepSpec } from '../../shared/sweep-spec/parse.js';
import { planSweep } from '../../shared/plan/plan.js';
import { SpecError } from '../../shared/sweep-spec/spec-error.js';
import { readTrainedNetwork } from '../store/checkpoints.js';
import { readOwnWorkloads } from '../store/read-own-workloads.js';
import { isDataFault } from '../store/sql-state.js';
import { submitSweep } from '../store/submit-sweep.js';
import type { Handler } from './handler.js';

/** Stores a sweep. The spec is validated again: who sends it need not be our command line. */
export const submit: Handler<'submit'> = {
  lane: 'write',
  largestRequest: 2 * 1024 * 1024,
  async handle({ database, effects }, { spec: given, idempotencyKey }) {
    // A quick size was chosen by whoever read the file; what is sent is what is to be trained.
    const spec = parseSweepSpec(given, { quick: false, own: await readOwnWorkloads(database, given) });
    const from = spec.transfer?.trial;
    if (from !== undefined && (await readTrainedNetwork(database, from)) === undefined) {
      const message = `names no trial that has kept its network; found '${from}'. One keeps it that succeeds with checkpoint: { keep: final }`;
      throw new SpecError([{ path: 'transfer.trial', message }]);
    }
    const { settings, trials, notes } = planSweep(spec);
    const submission = { idempotencyKey, spec, maxFailures: spec.limits.failures, settings, trials };
    try {
      const stored = await submitSweep(database, submission);
      if (stored.created) {
        effects.ring();
        effects.changed([stored.sweepId]);
      }
      return { ...stored, notes: [...notes] };
    } catch (cause) {
      if (!isDataFault(cause)) throw cause;
      throw new SigmasweepError('SPEC_INVALID', 'The spec holds a value that PostgreSQL cannot store.', {
        hint: 'Look for control characters in names and labels.',
        cause,
      });
    }
  },
};
