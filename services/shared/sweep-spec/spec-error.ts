import { SigmasweepError } from '../errors.js';
import type { InputFault } from '../messages/commands.js';

/** A spec with thousands of equal mistakes must still fit a message and a terminal. */
const shownFaults = 100;

/** A sweep spec was refused; `faults` names every field that is wrong (the first hundred and how many more). */
export class SpecError extends SigmasweepError {
  readonly faults: readonly InputFault[];

  constructor(faults: readonly InputFault[]) {
    super('SPEC_INVALID', `The sweep spec has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:`, {
      hint: 'docs/spec.md explains every field.',
    });
    const hidden = faults.length - shownFaults;
    this.faults =
      hidden > 0
        ? [...faults.slice(0, shownFaults), { path: '', message: `and ${hidden} further faults` }]
        : [...faults];
  }
}
