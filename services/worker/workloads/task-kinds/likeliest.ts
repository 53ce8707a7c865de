import type { PictureNumbers } from '../../../shared/messages/reports.js';

/** Names of data sets can be longer than what is shown. */
const longestName = 64;
/** So many of a prediction are told. */
const mostTold = 5;

/** The likeliest of classes or labels, the likeliest first; of equal ones the first. Of a network that diverged: nothing. */
export function likeliest(likelihoods: readonly number[], names: readonly string[]): PictureNumbers | undefined {
  if (!likelihoods.every(Number.isFinite)) return undefined;
  return likelihoods
    .map((value, position) => ({ name: (names[position] ?? '').slice(0, longestName), position, value }))
    .sort((one, other) => other.value - one.value)
    .slice(0, mostTold);
}
