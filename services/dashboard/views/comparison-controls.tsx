import { settingKinds } from '../../shared/compare/results.js';
import type { Comparison } from '../../shared/compare/comparison.js';
import { columnKey, deltaKey, sizesKey, type ShownComparison } from '../compare/apply-view.js';
import { optionLabel } from '../compare/option-label.js';
import { everything, viewPairs, type TableView } from '../compare/table-view.js';
import { TableScroll } from './layout.js';

export const viewFormId = 'table-view';

const kindLabels = { single: 'Single task', fixed: 'Fixed weights', learned: 'Learned weights' } as const;

export interface ControlsProps {
  readonly whole: Comparison;
  readonly shown: ShownComparison;
  readonly view: TableView;
  readonly groupings: readonly string[];
  /** The page's address. */
  readonly action: string;
  readonly link: (view: TableView) => string;
  /** Other parameters of the page, which the view's form must not lose. */
  readonly others: readonly (readonly [string, string])[];
  /** Files of the table as it is shown. */
  readonly files: readonly { readonly href: string; readonly label: string }[];
}

/** Parameters that no control of the form holds by itself. */
const uncontrolled = new Set(['sort', 'order', 'hide', 'pin', 'rows']);

/** Which rows and columns are shown, how they are grouped, and the files of what is shown. A plain form without scripts. */
export function ComparisonControls(props: ControlsProps) {
  const { whole, shown, view, groupings, action, link, others, files } = props;
  const columns = [
    ...whole.columns.map((column) => ({
      key: columnKey(column),
      label: `${whole.tasks.find(({ name }) => name === column.task)?.label ?? column.task}: ${column.metric.label}`,
    })),
    ...(whole.hasDelta ? [{ key: deltaKey, label: 'Δm' }] : []),
    ...(whole.hasSizes ? [{ key: sizesKey, label: 'Network: parameters and multiply-adds' }] : []),
  ];
  const changed = viewPairs(view).some(([name]) => name !== 'pick' && name !== 'rows');
  return (
    <div class="table-tools">
      <form class="view-form" id={viewFormId} method="get" action={action} data-view-form>
        {[...viewPairs(view).filter(([name]) => uncontrolled.has(name)), ...others].map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <label>
          <span class="hidden">Find settings</span>
          <input type="search" name="find" value={view.text} placeholder="Find settings" autocomplete="off" />
        </label>
        <label>
          <span>Show</span>
          <select name="kind">
            <option value="">all rows</option>
            {settingKinds.map((kind) => (
              <option value={kind} selected={view.kind === kind}>
                {kindLabels[kind].toLowerCase()}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Group by</span>
          <select name="group">
            <option value="">nothing</option>
            {groupings.map((path) => (
              <option value={path} selected={view.group === path}>
                {optionLabel(path).toLowerCase()}
              </option>
            ))}
          </select>
        </label>
        <details class="menu" data-key="columns">
          <summary>Columns</summary>
          <fieldset>
            <legend class="hidden">Shown columns</legend>
            {columns.map(({ key, label }) => (
              <label>
                <input
                  type="checkbox"
                  name="col"
                  value={key}
                  checked={view.columns === undefined || view.columns.includes(key)}
                />{' '}
                {label}
              </label>
            ))}
          </fieldset>
        </details>
        <button class="button without-script" type="submit">
          Apply
        </button>
        {changed ? (
          <a class="reset" href={link({ ...everything, chosen: view.chosen, allRows: view.allRows })} data-view-link>
            Reset{shown.hidden > 0 ? ` (${shown.hidden} ${shown.hidden === 1 ? 'row' : 'rows'} hidden)` : ''}
          </a>
        ) : null}
      </form>
      <p class="links" aria-label="Download the table as shown">
        {files.map(({ href, label }) => (
          <a href={href} download>
            {label}
          </a>
        ))}
      </p>
    </div>
  );
}

/** What the chosen rows do not have in common. */
export function DifferingOptions({ shown, view, link }: Pick<ControlsProps, 'shown' | 'view' | 'link'>) {
  const { chosen, differing } = shown;
  if (chosen.length === 0) return null;
  return (
    <section class="differing" aria-labelledby="differing-title">
      <div class="card-head">
        <h3 id="differing-title">Options that differ between the {chosen.length} chosen settings</h3>
        <a href={link({ ...view, chosen: [] })} data-view-link>
          Clear
        </a>
      </div>
      {chosen.length < 2 ? (
        <p class="muted">Choose another setting by the box before its name.</p>
      ) : differing.length === 0 ? (
        <p class="muted">None.</p>
      ) : (
        <TableScroll label="Differing options">
          <table class="options">
            <caption class="hidden">Options that differ between the chosen settings</caption>
            <thead>
              <tr>
                <th scope="col">Option</th>
                {chosen.map(({ name }) => (
                  <th scope="col">{name}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {differing.map(({ path, values }) => (
                <tr>
                  <th scope="row">{optionLabel(path)}</th>
                  {values.map((value) => (
                    <td>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </section>
  );
}
