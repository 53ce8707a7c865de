import { deltaCriterion } from '../derivation.js';
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
  const points = places.filter(
    // Rows of one architecture share the object.
    ({ setting, fromGrid, model }) => fromGrid && model === ownModel && setting.tasks.length === own.tasks.length,
  );
  const singles =
    derivation.criterion === deltaCriterion
      ? places.filter(({ setting }) => setting.kind === 'single' && setting.basis === own.basis)
      : [];
  const baselines = own.tasks.flatMap((task) => singles.find(({ setting }) => setting.tasks.includes(task)) ?? []);
  return [
    ...baselines.map(({ row }): NeededRow => ({ row, seeds: 'all', mayLack: false })),
    ...points.map(({ row }): NeededRow => ({ row, seeds: 'all', mayLack: true })),
  ];
}
