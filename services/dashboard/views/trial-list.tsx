import { trialStates, type TrialCounts } from '../../shared/trial-state.js';
import { dash } from '../../shared/compare/number-forms.js';
import { formatDuration } from '../../shared/format-duration.js';
import { queryOf } from '../compare/table-view.js';
import { trialsPerPage, type TrialFilter, type TrialRow } from '../queries/trials.js';
import { TableScroll } from './layout.js';
import { StateBadge } from './state.js';

/** Steps done as a thin bar and a share. */
export function Steps({ step, steps }: { step: number | null; steps: number | null }) {
  if (step === null || steps === null || steps === 0) return <>{dash}</>;
  const share = Math.min(1, step / steps);
  return (
    <span class="steps">
      <svg class="progress" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="fill-active" x="0" y="0" width={(share * 100).toFixed(2)} height="10" />
      </svg>
      <span data-value>{Math.floor(share * 100)} %</span>
    </span>
  );
}

function TrialLine({ trial }: { trial: TrialRow }) {
  return (
    <tr data-key={trial.id}>
      <th scope="row">
        <a href={`/trials/${trial.id}`}>{trial.label}</a>
      </th>
      <td>
        <StateBadge state={trial.state} />
        {trial.errorCode === null ? null : (
          <span class="sub">
            <code>{trial.errorCode}</code>
          </span>
        )}
        {trial.stop === null ? null : <span class="sub">{trial.stop}</span>}
      </td>
      <td>
        {trial.state === 'waiting' || trial.state === 'queued' || trial.state === 'cancelled' ? (
          dash
        ) : (
          // The last heartbeat was before the last step.
          <Steps step={trial.state === 'succeeded' ? trial.steps : trial.step} steps={trial.steps} />
        )}
      </td>
      <td class="number" data-value>
        {trial.attempt === 0 ? dash : trial.attempt}
      </td>
      <td>{trial.workerName ?? trial.workerId ?? dash}</td>
      <td class="number">
        {trial.duration === null ? (
          dash
        ) : (
          <span data-elapsed={trial.state === 'running' ? trial.duration.toFixed(0) : undefined}>
            {formatDuration(trial.duration)}
          </span>
        )}
      </td>
    </tr>
  );
}

export interface TrialListProps {
  readonly sweepId: string;
  readonly trials: readonly TrialRow[];
  readonly counts: TrialCounts;
  readonly filter: TrialFilter;
  /** Other parameters of the page, which the links keep. */
  readonly others: readonly (readonly [string, string])[];
}

/** A filter as name and value pairs; none for the first page of all. */
export function filterPairs({ state, page }: TrialFilter): [string, string][] {
  return [
    ...(state === undefined ? [] : ([['state', state]] as [string, string][])),
    ...(page > 1 ? ([['page', String(page)]] as [string, string][]) : []),
  ];
}

/** The sweep's trials, filtered by state and paged. */
export function TrialList({ sweepId, trials, counts, filter, others }: TrialListProps) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const matching = filter.state === undefined ? all : counts[filter.state];
  const pages = Math.max(1, Math.ceil(matching / trialsPerPage));
  const link = (to: TrialFilter): string => `/sweeps/${sweepId}${queryOf([...others, ...filterPairs(to)])}#trials`;
  return (
    <>
      <nav class="filters" aria-label="Trials by state">
        <a href={link({ state: undefined, page: 1 })} aria-current={filter.state === undefined ? 'true' : undefined}>
          all <span data-value>{all}</span>
        </a>
        {trialStates
          .filter((state) => counts[state] > 0 || state === filter.state)
          .map((state) => (
            <a
              href={link({ state, page: 1 })}
              data-key={state}
              aria-current={filter.state === state ? 'true' : undefined}
            >
              {state} <span data-value>{counts[state]}</span>
            </a>
          ))}
      </nav>
      {trials.length === 0 ? (
        <p class="empty">No trial is {filter.state ?? 'here'} now.</p>
      ) : (
        <TableScroll label="Trials">
          <table class="trials">
            <caption class="hidden">Trials of this sweep</caption>
            <thead>
              <tr>
                <th scope="col">Trial</th>
                <th scope="col">State</th>
                <th scope="col">Steps</th>
                <th scope="col" class="number">
                  Attempt
                </th>
                <th scope="col">Worker</th>
                <th scope="col" class="number">
                  Duration
                </th>
              </tr>
            </thead>
            <tbody>
              {trials.map((trial) => (
                <TrialLine trial={trial} />
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {pages > 1 ? (
        <nav class="pages" aria-label="Pages of trials">
          {filter.page > 1 ? <a href={link({ ...filter, page: filter.page - 1 })}>Previous</a> : null}
          <span>
            Page {filter.page} of {pages}
          </span>
          {filter.page < pages ? <a href={link({ ...filter, page: filter.page + 1 })}>Next</a> : null}
        </nav>
      ) : null}
    </>
  );
}
