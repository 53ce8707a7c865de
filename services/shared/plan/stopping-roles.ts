import type { Stopping } from '../sweep-spec/stopping-schema.js';
import type { NeededRow } from './dependencies.js';
import type { Row } from './rows.js';

/**
 * What early stopping does with a trial: `judged` by the rule; or it `follows` the judged trial of its setting, is
 * stopped with it and not for itself.
 */
export type StoppingRole = 'judged' | 'follows';

/**
 * Which rows can be stopped. Not those that the spec exempts, nor those whose weights come from other rows (but for the
 * points of a search), nor any whose result another row cannot do without.
 */
export function canBeStopped(
  rows: readonly Row[],
  needed: readonly (readonly NeededRow[])[],
  stopping: Stopping | undefined,
): boolean[] {
  if (stopping === undefined) return rows.map(() => false);
  const indispensable = new Set(needed.flat().flatMap(({ row, mayLack }) => (mayLack ? [] : [row])));
  return rows.map(({ setting, derivation }, index) => {
    if (setting.kind === 'single' && stopping.exempt.includes('baselines')) return false;
    if (setting.kind === 'learned' && stopping.exempt.includes('learned')) return false;
    return (derivation === null || derivation.kind === 'search') && !indispensable.has(index);
  });
}

/**
 * The order of the first seed's trials where they are judged: first those that the others are measured against; then
 * what is judged, spread over the table instead of row by row, so that the first to get to a rung are as different as
 * the whole; last what is trained in any case.
 */
export function judgingOrder(rows: readonly Row[], stoppable: readonly boolean[]): number[] {
  const places = rows.map((_, index) => index);
  const isJudged = (index: number): boolean => stoppable[index] === true;
  const baselines = places.filter((index) => !isJudged(index) && rows[index]?.setting.kind === 'single');
  const judged = places.filter(isJudged);
  const others = places.filter((index) => !isJudged(index) && rows[index]?.setting.kind !== 'single');
  return [...baselines, ...spreadOut(judged), ...others];
}

/** Items in the order of the bit-reversed places (van der Corput 1935): any first part of it is spread over the whole. */
export function spreadOut<Item>(items: readonly Item[]): Item[] {
  const bits = Math.ceil(Math.log2(Math.max(1, items.length)));
  const reversed = Array.from({ length: 2 ** bits }, (_, place) => {
    let result = 0;
    for (let bit = 0; bit < bits; bit += 1) result = result * 2 + (Math.floor(place / 2 ** bit) % 2);
    return result;
  });
  return reversed.flatMap((place) => items.slice(place, place + 1));
}
