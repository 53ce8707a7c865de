import { deltaCriterion, type SearchDerivation } from '../derivation.js';
import type { Row } from './rows.js';

/** A row that another row waits for. */
export interface NeededRow {
  /** Its place among the rows. */
  readonly row: number;
  /** The trial with the same seed, or those of all seeds. */
  readonly seeds: 'same' | 'all';
  /** Whether its trials can be done without where training itself gave them up. */
  readonly mayLack: boolean;
}

/** The rows that a row's weights come from: the edges of the sweep's graph. */
export function needsOf({ derivation, setting: own, model: ownModel }: Row, rows: readonly Row[]): NeededRow[] {
  if (derivation === null) return [];
  const places = rows.map(({ setting, fromGrid, model }, row) => ({ setting, fromGrid, model, row }));
  if (derivation.kind === 'replay') {
    const replayed = places.filter(({ setting }) => setting.key === derivation.of);
    const seeds = derivation.over === 'seed' ? 'same' : 'all';
    return replayed.map(({ row }) => ({ row, seeds, mayLack: false }));
  }
  if (derivation.kind === 'search') return neededBySearch(derivation, own, ownModel, rows);
  const points = places.filter(
    // Rows of one architecture share the object.
    ({ setting, fromGrid, model }) => fromGrid && model === ownModel && setting.tasks.length === own.tasks.length,
  );
  return [
    ...baselinesOf(derivation.criterion, own, rows),
    ...points.map(({ row }): NeededRow => ({ row, seeds: 'all', mayLack: true })),
  ];
}

/** The single-task networks that a criterion measures against. */
function baselinesOf(criterion: string, own: Row['setting'], rows: readonly Row[]): NeededRow[] {
  if (criterion !== deltaCriterion) return [];
  return own.tasks.flatMap((task): NeededRow[] => {
    const row = rows.findIndex(
      ({ setting }) => setting.kind === 'single' && setting.basis === own.basis && setting.tasks.includes(task),
    );
    return row < 0 ? [] : [{ row, seeds: 'all', mayLack: false }];
  });
}

/**
 * A round of a search waits for the one before it; the first for all fixed weights that the spec gives. What it is told is
 * all that those waited for, too.
 */
function neededBySearch(
  { search, round }: SearchDerivation,
  own: Row['setting'],
  ownModel: Row['model'],
  rows: readonly Row[],
): NeededRow[] {
  const points = rows.flatMap(({ setting, derivation, model }, row): NeededRow[] => {
    if (setting.kind !== 'fixed' || model !== ownModel || setting.tasks.length !== own.tasks.length) return [];
    const before = round === 1 ? derivation === null : derivation?.kind === 'search' && derivation.round === round - 1;
    return before ? [{ row, seeds: 'all', mayLack: true }] : [];
  });
  return round === 1 ? [...baselinesOf(search.metric, own, rows), ...points] : points;
}
