import type {
  Comparison,
  ComparisonRow,
  MetricCell,
  MetricColumn,
  WeightCell,
} from '../../shared/compare/comparison.js';
import type { Setting } from '../../shared/compare/results.js';
import { sizes } from '../../shared/compare/network-size.js';
import { comparisonNotes, protocolLine } from '../../shared/compare/notes.js';
import {
  closeMark,
  dash,
  formatChange,
  formatMetric,
  formatSize,
  formatWeight,
  learnedMark,
  type SpreadText,
} from '../../shared/compare/number-forms.js';
import { isTerminal } from '../../shared/trial-state.js';
import type { ShownComparison } from '../compare/apply-view.js';
import { optionLabel } from '../compare/option-label.js';
import type { TableView } from '../compare/table-view.js';
import { ComparisonControls, DifferingOptions, viewFormId, type ControlsProps } from './comparison-controls.js';
import { ComparisonHead } from './comparison-head.js';
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

function Numbers({ text, best, close }: { text: SpreadText; best?: boolean; close?: boolean }) {
  return (
    <>
      <span class={best === true ? 'best' : undefined} data-value>
        {text.mean}
        {best === true ? <span class="hidden"> best</span> : null}
      </span>
      {text.deviation === undefined ? null : <span class="spread"> ± {text.deviation}</span>}
      {close === true ? (
        <span class="close">
          <span aria-hidden="true">{closeMark}</span>
          <span class="hidden"> not significantly worse than the best</span>
        </span>
      ) : null}
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

/** How far a cell is from that of the pinned row, in the metric's unit. */
function Versus({ cell, pinned, column }: { cell: MetricCell; pinned: MetricCell | undefined; column: MetricColumn }) {
  if (cell.spread === undefined || pinned?.spread === undefined) return null;
  const { scale, decimals, better } = column.metric;
  const difference = (cell.spread.mean - pinned.spread.mean) * scale;
  const text = difference.toFixed(decimals);
  const same = Number(text) === 0;
  const good = difference > 0 === (better === 'higher');
  return (
    <span class={`versus ${same ? '' : good ? 'versus-good' : 'versus-bad'}`}>
      {same ? '±0' : `${difference > 0 ? '+' : ''}${text}`.replace('-', '−')}
      <span class="hidden">{same ? ' equal' : good ? ' better' : ' worse'} against the pinned setting</span>
    </span>
  );
}

interface CellProps {
  readonly cell: MetricCell | undefined;
  readonly pinned: MetricCell | undefined;
  readonly column: MetricColumn;
  readonly pending: boolean;
  readonly stopped: boolean;
  readonly start: boolean;
}

function Cell({ cell, pinned, column, pending, stopped, start }: CellProps) {
  const group = start ? ' group-start' : '';
  if (stopped && cell !== undefined) return <td class={`number absent${group}`}>stopped</td>;
  if (cell?.spread === undefined) return <Absent pending={pending && cell !== undefined} group={group} />;
  return (
    <td
      class={`number${group}`}
      data-task={column.task}
      data-metric={column.metric.name}
      data-mean={String(cell.spread.mean)}
      title={cell.adjusted === undefined ? undefined : `p = ${Number(cell.adjusted.toPrecision(2))} against the best`}
    >
      <Numbers text={formatMetric(cell.spread, column.metric)} best={cell.best} close={cell.close} />
      <Versus cell={cell} pinned={pinned} column={column} />
    </td>
  );
}

function Weight({ weight, text, first }: { weight: WeightCell; text: string; first: boolean }) {
  const group = first ? ' group-start' : '';
  if (!weight.trained) return <td class={`number absent${group}`}>{weight.fixed === undefined ? dash : text}</td>;
  if (weight.fixed !== undefined) return <td class={`number${group}`}>{text}</td>;
  return (
    <td class={`number${group}`}>
      <span aria-hidden="true">{weight.mark}</span>
      <span class="hidden">{weight.mark === learnedMark ? 'learned' : 'from other rows'}</span>{' '}
      <span data-value>{text}</span>
    </td>
  );
}

/** Δm and, beside it, the change of each task that it is the mean of. */
function Delta({ row, comparison }: { row: ComparisonRow; comparison: Comparison }) {
  const { delta, deltaBest, deltaClose } = row;
  // Until its baselines have finished there may be more to come.
  const pending = comparison.state === 'running' && row.setting.tasks.length > 1 && row.stoppedAt === undefined;
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
        <Numbers text={formatChange(delta.total)} best={deltaBest} close={deltaClose} />
      </td>
      {comparison.tasks.map(({ name }) => {
        const change = delta.shares.find((share) => share.task === name)?.change;
        return <td class="number minor">{change === undefined ? dash : formatChange(change).mean}</td>;
      })}
    </>
  );
}

/** What the setting's network costs. */
function Sizes({ row, pending }: { row: ComparisonRow; pending: boolean }) {
  return (
    <>
      {sizes.map((info, place) => {
        const group = place === 0 ? ' group-start' : '';
        const over = row.size[info.name];
        if (over === undefined) return <Absent pending={pending} group={group} />;
        return (
          <td class={`number${group}`}>
            <Numbers text={formatSize(over, info)} />
          </td>
        );
      })}
    </>
  );
}

interface RowProps {
  readonly row: ComparisonRow;
  readonly comparison: Comparison;
  readonly pinned: ComparisonRow | undefined;
  /** Of each task's weight. */
  readonly texts: readonly string[];
  /** Whether another kind of setting begins here. */
  readonly start: boolean;
  readonly view: TableView;
  readonly link: (view: TableView) => string;
}

function Row({ row, comparison, pinned, texts, start, view, link }: RowProps) {
  const { setting, trials, finished } = row;
  const { key } = setting;
  const failed = trials.filter(({ state }) => state === 'failed').length;
  const pending = trials.some(({ state }) => !isTerminal(state));
  const isPinned = pinned?.setting.key === key;
  return (
    <tr
      data-key={key}
      data-setting={key}
      class={`kind-${setting.kind}${start ? ' kind-start' : ''}${isPinned ? ' pinned' : ''}`}
    >
      <th scope="row">
        <label class="choose">
          <input
            type="checkbox"
            name="pick"
            value={key}
            form={viewFormId}
            checked={view.chosen.includes(key)}
            aria-label={`Compare the options of ${row.name}`}
          />
          {row.name}
        </label>
      </th>
      {row.weights.map((weight, place) => (
        <Weight weight={weight} text={texts[place] ?? ''} first={place === 0} />
      ))}
      {comparison.columns.map((column, place) => (
        <Cell
          cell={row.cells[place]}
          pinned={isPinned ? undefined : pinned?.cells[place]}
          column={column}
          pending={pending}
          stopped={row.stoppedAt !== undefined}
          start={comparison.columns[place - 1]?.task !== column.task}
        />
      ))}
      {comparison.hasDelta ? <Delta row={row} comparison={comparison} /> : null}
      {comparison.hasSizes ? <Sizes row={row} pending={pending} /> : null}
      <td class="number group-start seeds">
        <span data-value>
          {finished} of {trials.length}
        </span>
        {failed > 0 ? <span class="sub text-bad">{failed} failed</span> : null}
        {row.stoppedAt === undefined ? null : <span class="sub">stopped at epoch {row.stoppedAt}</span>}
      </td>
      <td class="row-actions">
        <a
          href={link({ ...view, pinned: isPinned ? undefined : key })}
          data-view-link
          title={isPinned ? 'Unpin' : 'Show the others against this setting'}
          aria-label={`${isPinned ? 'unpin' : 'pin'} ${row.name}`}
        >
          {isPinned ? 'unpin' : 'pin'}
        </a>
        <a
          href={link({ ...view, hidden: [...view.hidden, key] })}
          data-view-link
          title="Leave this row out"
          aria-label={`hide ${row.name}`}
        >
          hide
        </a>
      </td>
    </tr>
  );
}

/** Whether another kind of setting begins with a row or, in a sweep of several architectures, another one. */
function beginsBlock(setting: Setting, before: Setting | undefined): boolean {
  return typeof setting.model === 'string' ? setting.model !== before?.model : setting.kind !== before?.kind;
}

/** A table longer than this begins with its first rows: all of them take a browser a second. */
const longTable = 150;
const shownAtFirst = 100;

/** The groups up to a number of rows. */
function firstRows(groups: ShownComparison['groups'], most: number): ShownComparison['groups'] {
  let left = most;
  return groups.flatMap((group) => {
    const rows = group.rows.slice(0, left);
    left -= rows.length;
    return rows.length === 0 ? [] : [{ ...group, rows }];
  });
}

/** The comparison in the layout of Kendall, Gal & Cipolla 2018, table 1, with all metrics and what Δm is made of. */
export function ComparisonView(props: ControlsProps) {
  const { shown, view, link, whole } = props;
  const { comparison, groups, pinned } = shown;
  const { rows, tasks, columns, hasDelta, hasSizes } = comparison;
  const shownGroups = view.allRows || rows.length <= longTable ? groups : firstRows(groups, shownAtFirst);
  const texts = tasks.map((_, task) =>
    alignPoints(rows.map(({ weights }) => weights[task]).map((one) => (one === undefined ? '' : weightText(one)))),
  );
  const marked = rows.some(({ cells, deltaBest }) => deltaBest || cells.some((cell) => cell?.best === true));
  const width =
    1 + tasks.length + columns.length + (hasDelta ? tasks.length + 1 : 0) + (hasSizes ? sizes.length : 0) + 2;
  const placeOf = new Map(rows.map((row, place) => [row, place]));
  return (
    <>
      <ComparisonControls {...props} />
      {rows.length === 0 ? (
        <p class="empty">
          {whole.rows.length === 0 ? 'No setting yet.' : 'No setting matches. Reset shows all again.'}
        </p>
      ) : (
        <TableScroll label="Comparison">
          <table class="comparison">
            <caption class="hidden">Loss weights and test metrics of every setting</caption>
            <ComparisonHead comparison={comparison} view={view} link={link} />
            {shownGroups.map((group) => (
              <tbody data-key={`group-${group.heading ?? ''}`}>
                {group.heading === undefined ? null : (
                  <tr class="group-row">
                    <th scope="rowgroup" colspan={width}>
                      <span class="unit">{optionLabel(view.group ?? '')}</span> {group.heading}
                    </th>
                  </tr>
                )}
                {group.rows.map((row, index) => (
                  <Row
                    row={row}
                    comparison={comparison}
                    pinned={pinned}
                    texts={texts.map((column) => column[placeOf.get(row) ?? -1] ?? '')}
                    start={
                      view.sort === undefined && index > 0 && beginsBlock(row.setting, group.rows[index - 1]?.setting)
                    }
                    view={view}
                    link={link}
                  />
                ))}
              </tbody>
            ))}
          </table>
        </TableScroll>
      )}
      {shownGroups === groups ? null : (
        <p class="more-rows">
          The first {shownAtFirst} of {rows.length} settings in this order.{' '}
          <a href={link({ ...view, allRows: true })} data-view-link>
            Show all {rows.length}
          </a>
        </p>
      )}
      <DifferingOptions shown={shown} view={view} link={link} />
      <ComparisonNotes comparison={comparison} marked={marked} pinned={pinned} />
    </>
  );
}

function ComparisonNotes({
  comparison,
  marked,
  pinned,
}: {
  comparison: Comparison;
  marked: boolean;
  pinned: ShownComparison['pinned'];
}) {
  return (
    <div class="table-notes">
      <p>{protocolLine(comparison)}.</p>
      {marked ? (
        <p>
          <span class="best-sign" aria-hidden="true">
            ★
          </span>{' '}
          Best of its column among the rows shown.
        </p>
      ) : null}
      {pinned === undefined ? null : (
        <p>Small signed numbers are differences from the pinned setting, {pinned.name}.</p>
      )}
      {comparison.rows.some(({ weights }) => weights.some(({ learned }) => learned !== undefined)) ? (
        <p>Numbers beside a sign are shares of the weights’ sum at the end of training.</p>
      ) : null}
      {comparisonNotes(comparison).map((note) => (
        <p>{note}</p>
      ))}
    </div>
  );
}
