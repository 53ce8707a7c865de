import type { SweepResults } from '../../shared/compare/results.js';
import { dash, formatWeight } from '../format.js';
import { comparisonModel, type Model, type ModelCell, type ModelRow } from './comparison-model.js';
import { TableScroll } from './layout.js';

function Cell({ cell, decimals, first }: { cell: ModelCell | undefined; decimals: number; first: boolean }) {
  const group = first ? ' group-start' : '';
  if (cell === undefined) {
    return (
      <td class={`number absent${group}`}>
        <span data-value>{dash}</span>
      </td>
    );
  }
  return (
    <td class={`number${group}`}>
      <span class={cell.best ? 'best' : undefined} data-value>
        {cell.mean.toFixed(decimals)}
        {cell.best ? <span class="hidden"> best</span> : null}
      </span>
      <span class="spread">{cell.deviation === undefined ? '' : ` ± ${cell.deviation.toFixed(decimals)}`}</span>
    </td>
  );
}

function Row({ row, model, start }: { row: ModelRow; model: Model; start: boolean }) {
  const { setting } = row;
  return (
    <tr data-key={setting.key} class={`kind-${setting.kind}${start ? ' kind-start' : ''}`}>
      <th scope="row">{setting.label}</th>
      {row.weights.map(({ value, learned }) => (
        <td class={value === undefined ? 'number weight absent' : 'number weight'}>
          <span data-value={learned ? true : undefined}>
            {value === undefined ? (learned ? 'learned' : '0') : formatWeight(value)}
          </span>
        </td>
      ))}
      {row.cells.map((cell, index) => (
        <Cell
          cell={cell}
          decimals={model.columns[index]?.metric.decimals ?? 3}
          first={model.columns[index]?.task !== model.columns[index - 1]?.task}
        />
      ))}
      <td class="number group-start seeds">
        <span data-value>
          {row.done} of {row.planned}
        </span>
      </td>
    </tr>
  );
}

/** The comparison in the layout of Kendall, Gal & Cipolla 2018, table 1. */
export function ComparisonView({ results }: { results: SweepResults }) {
  const model = comparisonModel(results);
  return (
    <TableScroll label="Comparison">
      <table class="comparison">
        <caption class="hidden">Loss weights and test metrics of every setting</caption>
        <thead>
          <tr>
            <th scope="col" rowspan={2}>
              Setting
            </th>
            <th scope="colgroup" class="group" colspan={model.tasks.length}>
              Weights
            </th>
            {model.tasks.map(({ name, label }) => (
              <th
                scope="colgroup"
                class="group group-start"
                colspan={model.columns.filter((column) => column.task === name).length}
              >
                {label}
              </th>
            ))}
            <th scope="col" rowspan={2} class="number group-start">
              Seeds
            </th>
          </tr>
          <tr>
            {model.tasks.map(({ label }) => (
              <th scope="col" class="number">
                {label}
              </th>
            ))}
            {model.columns.map(({ metric, task }, index) => (
              <th scope="col" class={task === model.columns[index - 1]?.task ? 'number' : 'number group-start'}>
                {metric.label}
                <span class="sub">
                  {metric.unit} {metric.better === 'higher' ? '↑' : '↓'}
                </span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {model.rows.map((row, index) => (
            <Row
              row={row}
              model={model}
              start={index > 0 && model.rows[index - 1]?.setting.kind !== row.setting.kind}
            />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
