import { isMadeUp } from '../catalog/workloads.js';
import type { Comparison, ComparisonRow, WeightCell } from './comparison.js';
import { csvField, type CsvValue } from './csv-field.js';
import type { Spread } from './statistics.js';

interface CsvColumn {
  readonly name: string;
  readonly of: (row: ComparisonRow) => CsvValue;
}

function spreadColumns(name: string, of: (row: ComparisonRow) => Spread | undefined): CsvColumn[] {
  return [
    { name: `${name}.mean`, of: (row) => of(row)?.mean },
    { name: `${name}.sd`, of: (row) => of(row)?.deviation },
    { name: `${name}.n`, of: (row) => of(row)?.count },
  ];
}

function csvColumns({ tasks, columns, rows, hasDelta, hasSizes, workload }: Comparison): CsvColumn[] {
  const weightOf = (row: ComparisonRow, task: string): WeightCell | undefined =>
    row.weights.find((one) => one.task === task);
  const count = (row: ComparisonRow, state: string): number => row.trials.filter((one) => one.state === state).length;
  // A file has no notes: made-up numbers are marked in every row.
  const madeUp: CsvColumn[] = isMadeUp(workload) ? [{ name: 'madeUp', of: () => true }] : [];
  return [
    ...madeUp,
    { name: 'setting', of: ({ setting }) => setting.label },
    { name: 'key', of: ({ setting }) => setting.key },
    { name: 'kind', of: ({ setting }) => setting.kind },
    { name: 'method', of: ({ setting }) => setting.method },
    ...(hasSizes ? [{ name: 'architecture', of: ({ setting }: ComparisonRow) => setting.model ?? undefined }] : []),
    { name: 'seeds.planned', of: ({ trials }) => trials.length },
    { name: 'seeds.finished', of: ({ finished }) => finished },
    { name: 'seeds.failed', of: (row) => count(row, 'failed') },
    ...(rows.some(({ stoppedAt }) => stoppedAt !== undefined)
      ? [{ name: 'stopped.epoch', of: ({ stoppedAt }: ComparisonRow) => stoppedAt }]
      : []),
    ...tasks.map(({ name }) => ({ name: `weight.${name}`, of: (row: ComparisonRow) => weightOf(row, name)?.fixed })),
    ...tasks.flatMap(({ name }) => [
      ...spreadColumns(`learnedWeight.${name}`, (row) => weightOf(row, name)?.learned?.weight),
      ...spreadColumns(`learnedShare.${name}`, (row) => weightOf(row, name)?.learned?.normalised),
      ...spreadColumns(`variance.${name}`, (row) => weightOf(row, name)?.learned?.variance),
    ]),
    ...columns.flatMap(({ task, metric }, place): CsvColumn[] => [
      ...spreadColumns(`${task}.${metric.name}`, (row) => row.cells[place]?.spread),
      { name: `${task}.${metric.name}.best`, of: (row) => row.cells[place]?.best },
      { name: `${task}.${metric.name}.p`, of: (row) => row.cells[place]?.adjusted },
    ]),
    ...(hasDelta
      ? [
          ...spreadColumns('deltaM', (row) => row.delta?.total),
          { name: 'deltaM.best', of: (row: ComparisonRow) => (row.delta === undefined ? undefined : row.deltaBest) },
          ...tasks.flatMap(({ name }) =>
            spreadColumns(`deltaM.${name}`, (row) => row.delta?.shares.find((share) => share.task === name)?.change),
          ),
        ]
      : []),
    ...spreadColumns('parameters', ({ size }) => size.parameters),
    ...spreadColumns('multiplyAdds', ({ size }) => size.multiplyAdds),
  ];
}

/**
 * The comparison for spreadsheets and scripts: a header and a line per setting, every number unrounded. Metrics are as
 * they were reported (an IoU is a share, not a percentage); Δm and its parts are in %. `p` is of the paired test against
 * the column's best, adjusted by Holm.
 */
export function renderCsv(comparison: Comparison): string {
  const columns = csvColumns(comparison);
  const lines = [
    columns.map(({ name }) => csvField(name)),
    ...comparison.rows.map((row) => columns.map(({ of }) => csvField(of(row)))),
  ];
  return `${lines.map((line) => line.join(',')).join('\n')}\n`;
}
