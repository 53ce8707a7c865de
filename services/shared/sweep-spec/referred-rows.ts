import type { FilledWeighting, SweepSpec } from './spec.js';
import { isDerived } from './weighting-schema.js';

/** The entries of `weightings:` that a name means: those with this label, or else those with this method. */
export function referredRows(
  weightings: SweepSpec['weightings'],
  name: string,
): { readonly index: number; readonly entry: FilledWeighting }[] {
  const own = weightings.flatMap((entry, index) => (isDerived(entry) ? [] : [{ index, entry }]));
  const labelled = own.filter(({ entry }) => entry.label === name);
  return labelled.length > 0 ? labelled : own.filter(({ entry }) => entry.method === name);
}
