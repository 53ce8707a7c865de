import { SigmasweepError } from '../../../shared/errors.js';
import type { Split } from '../workload.js';
import { holdOut } from './hold-out.js';

/** Samples by split, each by a name that its files follow from. */
export type SplitSamples = Readonly<Record<Split, readonly string[]>>;

interface FoundSamples {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  /** Empty where the data set has no labelled test split of its own. */
  readonly test: readonly string[];
}

/**
 * The three splits of a data set that comes in two, as most do: its validation split is then our test split, which
 * results are reported on, and ours is held out from its training split.
 * @param name of the data set, for errors
 * @throws SigmasweepError DATA_EMPTY
 */
export function threeSplits(
  found: FoundSamples,
  { validationShare, splitSeed }: { readonly validationShare: number; readonly splitSeed: number },
  name: string,
): SplitSamples {
  const splits = found.test.length > 0 ? found : ofTwo(found, validationShare, splitSeed);
  for (const [split, samples] of Object.entries(splits)) {
    if (samples.length > 0) continue;
    throw new SigmasweepError('DATA_EMPTY', `The data set ${name} has no samples for the ${split} split`, {
      hint: 'docs/data.md shows which folders and names are looked for.',
    });
  }
  return splits;
}

function ofTwo({ train, validation }: FoundSamples, share: number, seed: number): SplitSamples {
  if (share === 0) return { train, validation, test: validation };
  const { kept, heldOut } = holdOut(train, share, seed);
  return { train: kept, validation: heldOut, test: validation };
}
