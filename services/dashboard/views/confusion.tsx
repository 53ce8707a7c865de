import type { TaskSource } from '../../shared/catalog/workloads.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { confusionTable, type ConfusionTable } from '../../shared/messages/confusion-cells.js';
import { ClassSwatch } from './class-swatch.js';
import { TableScroll } from './layout.js';

/** Shades of a cell, from an empty one to all of its row. */
const shades = 6;

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

/** How often a class was predicted. */
function predictedAs(counts: ConfusionTable['counts'], label: number): number {
  return counts.reduce((sum, row) => sum + (row[label] ?? 0), 0);
}

function Matrix({ label, table: { classes, counts } }: { label: string; table: ConfusionTable }) {
  return (
    <TableScroll label={`Confusion matrix of ${label}`}>
      <table class="confusion">
        <caption>{label}</caption>
        <thead>
          <tr>
            <th scope="col">True class ↓ predicted →</th>
            {classes.map((name) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              Recall
            </th>
            <th scope="col" class="number">
              IoU
            </th>
          </tr>
        </thead>
        <tbody>
          {counts.map((row, truth) => {
            const all = row.reduce((sum, count) => sum + count, 0);
            return (
              <tr>
                <th scope="row">
                  <ClassSwatch label={truth} />
                  {classes[truth]}
                </th>
                {row.map((count, predicted) => (
                  <td
                    class={`number shade-${all === 0 ? 0 : Math.ceil((shades * count) / all)}${predicted === truth ? ' hit' : ''}`}
                  >
                    {count.toLocaleString('en')}
                  </td>
                ))}
                <td class="number">{percent(row[truth] ?? 0, all)}</td>
                <td class="number">{percent(row[truth] ?? 0, all + predictedAs(counts, truth) - (row[truth] ?? 0))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableScroll>
  );
}

/** The confusion matrices of the tasks that have one; nothing before the trial's end. */
export function ConfusionMatrices(props: {
  readonly source: TaskSource;
  readonly tasks: readonly string[];
  readonly metrics: readonly { readonly task: string; readonly metric: string; readonly value: number }[];
}) {
  const tables = props.tasks.flatMap((task) => {
    const table = confusionTable(props.metrics.filter((one) => one.task === task));
    return table === undefined ? [] : [{ task, table }];
  });
  if (tables.length === 0) return <></>;
  return (
    <section class="card" aria-labelledby="confusion-title">
      <div class="card-head">
        <h2 id="confusion-title">Confusion matrices</h2>
      </div>
      <p class="muted">
        Samples of the test split, or their pixels, after the last epoch. IoU: those of the class in both, over those in
        either. Squares have the colour of the class in the pictures.
      </p>
      <div class="confusions">
        {tables.map(({ task, table }) => (
          <Matrix label={taskLabel(props.source, task)} table={table} />
        ))}
      </div>
    </section>
  );
}
