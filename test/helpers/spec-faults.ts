import type { InputFault } from '../../services/shared/messages/commands.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { SpecError } from '../../services/shared/sweep-spec/spec-error.js';

/** The faults that a spec is refused for; none for a spec that is accepted. */
export function specFaults(
  spec: unknown,
  options: Parameters<typeof parseSweepSpec>[1] = { quick: false },
): readonly InputFault[] {
  return faultsOf(() => parseSweepSpec(spec, options));
}

/** The faults of the SpecError that a call throws; none if it returns. Another error goes on. */
export function faultsOf(call: () => unknown): readonly InputFault[] {
  try {
    call();
    return [];
  } catch (error) {
    if (error instanceof SpecError) return error.faults;
    throw error;
  }
}
