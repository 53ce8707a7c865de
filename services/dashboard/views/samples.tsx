import { taskLabel } from '../../shared/compare/metric-names.js';
import { wholeTrial } from '../../shared/messages/reports.js';
import type { ListedPicture } from '../queries/pictures.js';
import type { SweepOverview } from '../queries/sweeps.js';
import { Page, TableScroll, type PageProps } from './layout.js';
import { Shown } from './pictures.js';

export interface SamplesPageProps {
  readonly assets: PageProps['assets'];
  readonly sweep: SweepOverview;
  /** Inputs and truths, each once. */
  readonly samples: readonly ListedPicture[];
}

/** What a sweep is trained on: a row for the input and for each task, a column for each sample. */
export function SamplesPage({ assets, sweep, samples }: SamplesPageProps) {
  return (
    <Page title={`Samples of ${sweep.name}`} assets={assets}>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/">Sweeps</a> <span aria-hidden="true">/</span> <a href={`/sweeps/${sweep.id}`}>{sweep.name}</a>{' '}
        <span aria-hidden="true">/</span>
      </nav>
      <div class="page-head">
        <div>
          <h1>Samples</h1>
          <p class="sub">
            {sweep.workload} · the first samples of the validation split, as the trials of this sweep have reported them
          </p>
        </div>
      </div>
      <section class="card flush" aria-label="Samples">
        {samples.length === 0 ? (
          <p class="empty">Trials report samples after their first epoch; until then there are none to show.</p>
        ) : (
          <SampleGrid sweep={sweep} samples={samples} />
        )}
      </section>
    </Page>
  );
}

function SampleGrid({ sweep, samples }: Omit<SamplesPageProps, 'assets'>) {
  const columns = [...new Set(samples.map(({ sample }) => sample))];
  const rows = [wholeTrial, ...sweep.tasks]
    .map((task) => ({
      label: task === wholeTrial ? 'Input' : taskLabel(sweep, task),
      cells: columns.map((sample) => samples.find((one) => one.sample === sample && one.task === task)),
    }))
    .filter(({ cells }) => cells.some((key) => key !== undefined));
  return (
    <TableScroll label="Samples">
      <table class="pictures samples">
        <caption class="hidden">Input and truth of each task, a column for each sample</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="hidden">Part</span>
            </th>
            {columns.map((sample) => (
              <th scope="col">Sample {sample + 1}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, cells }) => (
            <tr>
              <th scope="row">{label}</th>
              {cells.map((key, index) => (
                <td>
                  {key === undefined ? null : (
                    <Shown
                      source={sweep}
                      picture={key}
                      alt={`Sample ${(columns[index] ?? 0) + 1}, ${label}${key.kind === 'truth' ? ', truth' : ''}`}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
