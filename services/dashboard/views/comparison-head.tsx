import type { Comparison } from '../../shared/compare/comparison.js';
import { sizes } from '../../shared/compare/network-size.js';
import { columnKey, deltaKey, weightKey } from '../compare/apply-view.js';
import type { TableView } from '../compare/table-view.js';

export interface HeadProps {
  readonly comparison: Comparison;
  readonly view: TableView;
  /** The page's address with another view. */
  readonly link: (view: TableView) => string;
}

interface SortHeadProps extends Pick<HeadProps, 'view' | 'link'> {
  readonly column: string;
  /** Whether the first click puts the largest at the top. */
  readonly descendingFirst: boolean;
  readonly start?: boolean;
  readonly rowspan?: number;
  readonly text: string;
  readonly unit?: string;
  readonly plain?: boolean;
}

/** A heading that sorts by its column: once, the other way round, and back to the spec's order. */
function SortHead({ column, descendingFirst, start, rowspan, text, unit, plain, view, link }: SortHeadProps) {
  const sorted = view.sort === column;
  const next: TableView = !sorted
    ? { ...view, sort: column, descending: descendingFirst }
    : view.descending === descendingFirst
      ? { ...view, descending: !descendingFirst }
      : { ...view, sort: undefined, descending: false };
  const classes = [plain === true ? '' : 'number', start === true ? 'group-start' : ''].filter((one) => one !== '');
  return (
    <th
      scope="col"
      class={classes.length === 0 ? undefined : classes.join(' ')}
      rowspan={rowspan}
      aria-sort={sorted ? (view.descending ? 'descending' : 'ascending') : undefined}
    >
      <a class="sort" href={link(next)} data-view-link>
        {text}
        {unit === undefined ? null : (
          <>
            {' '}
            <span class="unit">{unit}</span>
          </>
        )}
        {sorted ? (
          <span class="sort-sign" aria-hidden="true">
            {view.descending ? '▾' : '▴'}
          </span>
        ) : null}
      </a>
    </th>
  );
}

/** Two lines of headings: tasks over their metrics, each a link that sorts. */
export function ComparisonHead({ comparison, view, link }: HeadProps) {
  const { tasks, columns, hasDelta, hasSizes } = comparison;
  const shared = { view, link };
  return (
    <thead>
      <tr>
        <SortHead {...shared} column="name" descendingFirst={false} rowspan={2} text="Setting" plain />
        <th scope="colgroup" class="group group-start" colspan={tasks.length}>
          Weight
        </th>
        {tasks.map(({ name, label }) => {
          const own = columns.filter((column) => column.task === name).length;
          return own === 0 ? null : (
            <th scope="colgroup" class="group group-start" colspan={own}>
              {label}
            </th>
          );
        })}
        {hasDelta ? (
          <th scope="colgroup" class="group group-start" colspan={tasks.length + 1}>
            Δm <span class="unit">% ↑</span>
          </th>
        ) : null}
        {hasSizes ? (
          <th scope="colgroup" class="group group-start" colspan={sizes.length}>
            Network
          </th>
        ) : null}
        <SortHead {...shared} column="seeds" descendingFirst rowspan={2} text="Seeds" start />
        <th rowspan={2} class="row-actions">
          <span class="hidden">Pin or hide</span>
        </th>
      </tr>
      <tr>
        {tasks.map(({ name, label }, place) => (
          <SortHead {...shared} column={weightKey(name)} descendingFirst text={label} start={place === 0} />
        ))}
        {columns.map((column, place) => (
          <SortHead
            {...shared}
            column={columnKey(column)}
            descendingFirst={column.metric.better === 'higher'}
            text={column.metric.label}
            unit={`${column.metric.unit} ${column.metric.better === 'higher' ? '↑' : '↓'}`}
            start={columns[place - 1]?.task !== column.task}
          />
        ))}
        {hasDelta ? (
          <>
            <SortHead {...shared} column={deltaKey} descendingFirst text="Mean" start />
            {tasks.map(({ label }) => (
              <th scope="col" class="number">
                {label}
              </th>
            ))}
          </>
        ) : null}
        {hasSizes
          ? sizes.map(({ name, label, unit }, place) => (
              <SortHead
                {...shared}
                column={name}
                descendingFirst={false}
                text={label}
                unit={unit}
                start={place === 0}
              />
            ))
          : null}
      </tr>
    </thead>
  );
}
