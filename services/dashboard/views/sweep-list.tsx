import { dash } from '../../shared/compare/number-forms.js';
import { formatEstimate, formatTime } from '../format.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import type { SweepOverview } from '../queries/sweeps.js';
import type { WorkerRow } from '../queries/workers.js';
import { Live, Page, TableScroll, type PageProps } from './layout.js';
import { ProgressBar, StateBadge } from './state.js';
import { WorkersTable } from './workers.js';

function SweepLine({ sweep }: { sweep: SweepOverview }) {
  const { counts, progress } = sweep;
  return (
    <tr data-key={sweep.id}>
      <th scope="row">
        <a href={`/sweeps/${sweep.id}`}>{sweep.name}</a>
        <span class="sub">
          {sweep.workload} · {sweep.tasks.map((task) => taskLabel(sweep, task)).join(' + ')}
        </span>
      </th>
      <td>
        <StateBadge state={sweep.state} />
      </td>
      <td class="progress-cell across">
        <ProgressBar counts={counts} share={progress.share} />
        <span class="sub">
          <span data-value>
            {progress.ended} of {progress.total} trials
          </span>
          {counts.running > 0 ? <span data-value> · {counts.running} running</span> : null}
          {counts.failed > 0 ? (
            <strong class="text-bad" data-value>
              {' '}
              · {counts.failed} failed
            </strong>
          ) : null}
          {counts.cancelled > 0 ? <span data-value> · {counts.cancelled} cancelled</span> : null}
        </span>
      </td>
      <td class="number" data-label="Trials/min">
        {progress.trialsPerMinute === undefined ? dash : progress.trialsPerMinute.toFixed(1)}
      </td>
      <td class="number" data-label="Time left">
        {progress.left === undefined ? dash : formatEstimate(progress.left)}
      </td>
      <td class="number nowrap" data-label="Created (UTC)">
        <time datetime={sweep.createdAt.toISOString()}>{formatTime(sweep.createdAt).slice(0, 16)}</time>
      </td>
    </tr>
  );
}

/** The table of sweeps, or how to start the first one. */
export function SweepTable({ sweeps }: { sweeps: readonly SweepOverview[] }) {
  if (sweeps.length === 0) {
    return (
      <div class="empty">
        <h2>No sweeps yet</h2>
        <p>Launch one and it appears here by itself:</p>
        <pre>
          <code>npx sigmasweep submit examples/class-depth.yaml --quick</code>
        </pre>
      </div>
    );
  }
  return (
    <TableScroll label="Sweeps">
      <table class="sweeps stacked">
        <caption class="hidden">Sweeps, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Sweep</th>
            <th scope="col">State</th>
            <th scope="col">Progress</th>
            <th scope="col" class="number">
              Trials/min
            </th>
            <th scope="col" class="number">
              Time left
            </th>
            <th scope="col" class="number">
              Created (UTC)
            </th>
          </tr>
        </thead>
        <tbody>
          {sweeps.map((sweep) => (
            <SweepLine sweep={sweep} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

export function SweepListPage(props: {
  assets: PageProps['assets'];
  sweeps: readonly SweepOverview[];
  workers: readonly WorkerRow[];
}) {
  return (
    <Page title="Sweeps" assets={props.assets} events="/events" current="sweeps">
      <div class="page-head">
        <h1>Sweeps</h1>
      </div>
      <section class="card flush">
        <Live id="sweeps" source="/fragment/sweeps">
          <SweepTable sweeps={props.sweeps} />
        </Live>
      </section>
      <section class="card flush" aria-labelledby="workers-title">
        <div class="card-head">
          <h2 id="workers-title">Workers</h2>
        </div>
        <Live id="workers" source="/fragment/workers">
          <WorkersTable workers={props.workers} />
        </Live>
      </section>
    </Page>
  );
}
