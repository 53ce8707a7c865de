import { dash } from '../../shared/compare/number-forms.js';
import { formatEstimate, formatTime } from '../format.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { sweepsPerPage, type SweepFilter, type SweepOverview } from '../queries/sweeps.js';
import type { WorkerRow } from '../queries/workers.js';
import { Tags } from './annotation.js';
import { Live, Page, TableScroll, type PageProps } from './layout.js';
import { ProgressBar, StateBadge } from './state.js';
import { Notice } from './sweep.js';
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
        <Tags tags={sweep.tags} />
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
function SweepTable({ sweeps, filter }: { sweeps: readonly SweepOverview[]; filter: SweepFilter }) {
  if (sweeps.length === 0 && (filter.archived || filter.text !== '' || filter.tag !== undefined)) {
    return <p class="empty">{filter.archived ? 'No archived sweep is like this.' : 'No sweep is like this.'}</p>;
  }
  if (sweeps.length === 0) {
    return (
      <div class="empty">
        <h2>No sweeps yet</h2>
        <p>
          <a href="/launch">Launch one</a> here, or from a terminal; it appears by itself:
        </p>
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

/** A page of the list, with links to the newest sweeps and to older ones. */
export function SweepPart({ sweeps, filter }: { sweeps: readonly SweepOverview[]; filter: SweepFilter }) {
  const last = sweeps.length === sweepsPerPage ? sweeps.at(-1) : undefined;
  return (
    <>
      <SweepTable sweeps={sweeps} filter={filter} />
      {last === undefined && filter.behind === undefined ? null : (
        <nav class="pages" aria-label="Pages of sweeps">
          {filter.behind === undefined ? null : <a href={`/${sweepQuery({ ...filter, behind: undefined })}`}>Newest</a>}
          {last === undefined ? null : <a href={`/${sweepQuery({ ...filter, behind: last })}`}>Older</a>}
        </nav>
      )}
    </>
  );
}

/** The filter as a query, "" for everything. */
function sweepQuery({ text, tag, archived, behind }: SweepFilter): string {
  const query = new URLSearchParams({
    ...(text === '' ? {} : { find: text }),
    ...(tag === undefined ? {} : { tag }),
    ...(archived ? { archived: 'yes' } : {}),
    ...(behind === undefined ? {} : { before: `${String(behind.createdAt.getTime())}_${behind.id}` }),
  }).toString();
  return query === '' ? '' : `?${query}`;
}

export function SweepListPage(props: {
  assets: PageProps['assets'];
  sweeps: readonly SweepOverview[];
  workers: readonly WorkerRow[];
  filter: SweepFilter;
  notice: string | undefined;
}) {
  const { filter } = props;
  return (
    <Page title="Sweeps" assets={props.assets} events="/events" current="sweeps">
      <div class="page-head">
        <h1>{filter.archived ? 'Archived sweeps' : 'Sweeps'}</h1>
        <div class="actions">
          <a class="button button-main" href="/launch">
            Launch a sweep
          </a>
        </div>
      </div>
      <Notice text={props.notice} />
      <form method="get" action="/" class="view-form sweep-search" role="search">
        {filter.archived ? <input type="hidden" name="archived" value="yes" /> : null}
        <label>
          <span class="hidden">Find sweeps by name, notes or tags</span>
          <input type="search" name="find" value={filter.text} placeholder="Name, notes, tags" />
        </label>
        <button class="button" type="submit">
          Find
        </button>
        {filter.tag === undefined ? null : (
          <span>
            Tag <span class="tag">{filter.tag}</span>
          </span>
        )}
        {filter.text === '' && filter.tag === undefined ? null : (
          <a href={filter.archived ? '/?archived=yes' : '/'}>Show all</a>
        )}
        <a class="apart" href={filter.archived ? '/' : '/?archived=yes'}>
          {filter.archived ? 'Sweeps that are not archived' : 'Archived sweeps'}
        </a>
      </form>
      <section class="card flush">
        <Live id="sweeps" source={`/fragment/sweeps${sweepQuery(filter)}`}>
          <SweepPart sweeps={props.sweeps} filter={filter} />
        </Live>
      </section>
      <section class="card flush" aria-labelledby="workers-title">
        <div class="card-head">
          <h2 id="workers-title">Workers</h2>
        </div>
        <Live id="workers" source="/fragment/workers/short">
          <WorkersTable workers={props.workers} />
        </Live>
      </section>
    </Page>
  );
}
