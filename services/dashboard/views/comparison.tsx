import type {
  Comparison,
  ComparisonRow,
  MetricCell,
  MetricColumn,
  WeightCell,
} from '../../shared/compare/comparison.js';
import { comparisonNotes, protocolLine } from '../../shared/compare/notes.js';
import {
  dash,
  formatChange,
  formatMetric,
  formatWeight,
  learnedMark,
  type SpreadText,
} from '../../shared/compare/number-forms.js';
import { TableScroll } from './layout.js';

const shareDecimals = 3;

/**
 * Texts of one column with their decimal points under each other when they are right-aligned: digits that are not there
 * are as wide as those that are.
 */
function alignPoints(texts: readonly string[]): string[] {
  const figure = '\u2007';
  const point = '\u2008';
  const tail = (text: string): number => (text.includes('.') ? text.length - text.indexOf('.') : 0);
  const longest = Math.max(0, ...texts.map(tail));
  return texts.map((text) => {
    const missing = longest - tail(text);
    if (missing === 0 || text === '') return text;
    return tail(text) === 0 ? `${text}${point}${figure.repeat(missing - 1)}` : `${text}${figure.repeat(missing)}`;
  });
}

/** A weight as text; one that is learned is shown as its share of the sum. */
function weightText({ fixed, learned }: WeightCell): string {
  if (fixed !== undefined) return formatWeight(fixed);
  return learned === undefined ? '' : learned.normalised.mean.toFixed(shareDecimals);
}

function Numbers({ text, best }: { text: SpreadText; best?: boolean }) {
  return (
    <>
      <span class={best === true ? 'best' : undefined} data-value>
        {text.mean}
        {best === true ? <span class="hidden"> best</span> : null}
      </span>
      {text.deviation === undefined ? null : <span class="spread"> ± {text.deviation}</span>}
    </>
  );
}

/** Nothing to show: either there never will be, or not yet. */
function Absent({ pending, group }: { pending: boolean; group: string }) {
  return (
    <td class={`number absent${group}`}>
      <span data-value>{pending ? '…' : dash}</span>
      {pending ? <span class="hidden"> no result yet</span> : null}
    </td>
  );
}

interface CellProps {
  readonly cell: MetricCell | undefined;
  readonly column: MetricColumn;
  readonly pending: boolean;
}

function Cell({ cell, column, pending }: CellProps) {
  const group = column.primary ? ' group-start' : '';
  if (cell?.spread === undefined) return <Absent pending={pending && cell !== undefined} group={group} />;
  return (
    <td
      class={`number${group}`}
      data-task={column.task}
      data-metric={column.metric.name}
      data-mean={String(cell.spread.mean)}
    >
      <Numbers text={formatMetric(cell.spread, column.metric)} best={cell.best} />
    </td>
  );
}

function Weight({ weight, text, first }: { weight: WeightCell; text: string; first: boolean }) {
  const group = first ? ' group-start' : '';
  if (!weight.trained) return <td class={`number absent${group}`}>{weight.fixed === undefined ? dash : text}</td>;
  if (weight.fixed !== undefined) return <td class={`number${group}`}>{text}</td>;
  return (
    <td class={`number${group}`}>
      <span aria-hidden="true">{learnedMark}</span>
      <span class="hidden">learned</span> <span data-value>{text}</span>
    </td>
  );
}

/** Δm and, beside it, the change of each task that it is the mean of. */
function Delta({ row, comparison }: { row: ComparisonRow; comparison: Comparison }) {
  const { delta, deltaBest } = row;
  // Until its baselines have finished there may be more to come.
  const pending = comparison.state === 'running' && row.setting.tasks.length > 1;
  if (delta === undefined) {
    return (
      <>
        <Absent pending={pending} group=" group-start" />
        {comparison.tasks.map(() => (
          <Absent pending={false} group=" minor" />
        ))}
      </>
    );
  }
  return (
    <>
      <td class="number group-start">
        <Numbers text={formatChange(delta.total)} best={deltaBest} />
      </td>
      {comparison.tasks.map(({ name }) => {
        const change = delta.shares.find((share) => share.task === name)?.change;
        return <td class="number minor">{change === undefined ? dash : formatChange(change).mean}</td>;
      })}
    </>
  );
}

interface RowProps {
  readonly row: ComparisonRow;
  readonly comparison: Comparison;
  /** Of each task's weight. */
  readonly texts: readonly string[];
  /** Whether another kind of setting begins here. */
  readonly start: boolean;
}

function Row({ row, comparison, texts, start }: RowProps) {
  const { setting, trials, finished } = row;
  const failed = trials.filter(({ state }) => state === 'failed').length;
  const pending = trials.some(({ state }) => state === 'queued' || state === 'running');
  return (
    <tr data-key={setting.key} data-setting={setting.key} class={`kind-${setting.kind}${start ? ' kind-start' : ''}`}>
      <th scope="row">{row.name}</th>
      {row.weights.map((weight, place) => (
        <Weight weight={weight} text={texts[place] ?? ''} first={place === 0} />
      ))}
      {comparison.columns.map((column, place) => (
        <Cell cell={row.cells[place]} column={column} pending={pending} />
      ))}
      {comparison.hasDelta ? <Delta row={row} comparison={comparison} /> : null}
      <td class="number group-start seeds">
        <span data-value>
          {finished} of {trials.length}
        </span>
        {failed > 0 ? <span class="sub text-bad">{failed} failed</span> : null}
      </td>
    </tr>
  );
}

function Head({ comparison }: { comparison: Comparison }) {
  const { tasks, columns, hasDelta } = comparison;
  return (
    <thead>
      <tr>
        <th scope="col" rowspan={2}>
          Setting
        </th>
        <th scope="colgroup" class="group group-start" colspan={tasks.length}>
          Weight
        </th>
        {tasks.map(({ name, label }) => (
          <th
            scope="colgroup"
            class="group group-start"
            colspan={Math.max(1, columns.filter((column) => column.task === name).length)}
          >
            {label}
          </th>
        ))}
        {hasDelta ? (
          <th scope="colgroup" class="group group-start" colspan={tasks.length + 1}>
            Δm <span class="unit">% ↑</span>
          </th>
        ) : null}
        <th scope="col" rowspan={2} class="number group-start">
          Seeds
        </th>
      </tr>
      <tr>
        {tasks.map(({ label }, place) => (
          <th scope="col" class={place === 0 ? 'number group-start' : 'number'}>
            {label}
          </th>
        ))}
        {columns.map(({ metric, primary }) => (
          <th scope="col" class={primary ? 'number group-start' : 'number'}>
            {metric.label}{' '}
            <span class="unit">
              {metric.unit} {metric.better === 'higher' ? '↑' : '↓'}
            </span>
          </th>
        ))}
        {hasDelta ? (
          <>
            <th scope="col" class="number group-start">
              Mean
            </th>
            {tasks.map(({ label }) => (
              <th scope="col" class="number">
                {label}
              </th>
            ))}
          </>
        ) : null}
      </tr>
    </thead>
  );
}

/** The comparison in the layout of Kendall, Gal & Cipolla 2018, table 1, with all metrics and what Δm is made of. */
export function ComparisonView({ comparison }: { comparison: Comparison }) {
  const { rows, tasks } = comparison;
  const texts = tasks.map((_, task) =>
    alignPoints(rows.map(({ weights }) => weights[task]).map((one) => (one === undefined ? '' : weightText(one)))),
  );
  const marked = rows.some(({ cells, deltaBest }) => deltaBest || cells.some((cell) => cell?.best === true));
  return (
    <>
      <TableScroll label="Comparison">
        <table class="comparison">
          <caption class="hidden">Loss weights and test metrics of every setting</caption>
          <Head comparison={comparison} />
          <tbody>
            {rows.map((row, index) => (
              <Row
                row={row}
                comparison={comparison}
                texts={texts.map((column) => column[index] ?? '')}
                start={index > 0 && rows[index - 1]?.setting.kind !== row.setting.kind}
              />
            ))}
          </tbody>
        </table>
      </TableScroll>
      <div class="table-notes">
        <p>{protocolLine(comparison)}.</p>
        {marked ? (
          <p>
            <span class="best-sign" aria-hidden="true">
              ★
            </span>{' '}
            Best of its column.
          </p>
        ) : null}
        {rows.some(({ weights }) => weights.some(({ learned }) => learned !== undefined)) ? (
          <p>Numbers beside {learnedMark} are shares of the weights’ sum at the end of training.</p>
        ) : null}
        {comparisonNotes(comparison).map((note) => (
          <p>{note}</p>
        ))}
      </div>
    </>
  );
}
