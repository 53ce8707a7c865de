import type { Child } from 'hono/jsx';
import { isMadeUp } from '../../shared/catalog/workloads.js';
import type { TrialState } from '../../shared/trial-state.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { dash } from '../../shared/compare/number-forms.js';
import { mayOperate } from '../access/identity.js';
import type { QueuedSweep } from '../../shared/schedule/queue.js';
import { formatDuration } from '../../shared/format-duration.js';
import { formatEstimate, formatTime } from '../format.js';
import type { SweepOverview } from '../queries/sweeps.js';
import { Live, Page, type PageProps } from './layout.js';
import { PublishLinks } from './publish.js';
import { BudgetLine, PauseButtons, PriorityForm, RequirementTags, Waits } from './queue.js';
import { Post } from './sweep-actions.js';
import { ProgressBar, StateBadge } from './state.js';

/** One number of a list of them, with what it is. */
export function Stat({ label, tone, children }: { label: string; tone?: string; children?: Child }) {
  return (
    <div class={tone === undefined ? 'stat' : `stat stat-${tone}`}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Counts that are always told, and those told only when there are some. */
const counted = [
  { state: 'succeeded', always: true, tone: 'good' },
  { state: 'running', always: true, tone: 'active' },
  { state: 'queued', always: true, tone: 'waiting' },
  { state: 'waiting', always: false, tone: 'waiting' },
  { state: 'failed', always: true, tone: 'bad' },
  { state: 'stopped', always: false, tone: 'warn' },
  { state: 'cancelled', always: false, tone: 'off' },
] as const satisfies readonly { state: TrialState; always: boolean; tone: string }[];

/** What is done with a sweep that is over. */
function Upkeep({ sweep }: { sweep: SweepOverview }) {
  if (!mayOperate()) return null;
  const base = `/sweeps/${sweep.id}`;
  return (
    <>
      <form method="post" action={`${base}/archive`}>
        <input type="hidden" name="archived" value={sweep.archived ? '' : 'yes'} />
        <button class="button" type="submit">
          {sweep.archived ? 'Take out of the archive' : 'Archive'}
        </button>
      </form>
      <a class="button button-danger" href={`${base}/delete`}>
        Delete …
      </a>
    </>
  );
}

/** What holds the trials of a sweep that has not ended, and what orders them. */
function PlaceInQueue({ sweep, place }: { sweep: SweepOverview; place: QueuedSweep }) {
  if (place.waits.length === 0) return null;
  return (
    <div class="place-in-queue">
      <div>
        <Waits waits={place.waits} />
        <RequirementTags requires={place.requires} />
        <BudgetLine sweep={place} />
      </div>
      <PriorityForm base={`/sweeps/${sweep.id}`} name={sweep.name} priority={place.priority} />
    </div>
  );
}

/** The head of a sweep's page: state, progress, counts, times, commands. */
export function SweepSummary({ sweep, place }: { sweep: SweepOverview; place: QueuedSweep | undefined }) {
  const { counts, progress } = sweep;
  const unfinished = counts.waiting + counts.queued + counts.running;
  const retryable = counts.failed + counts.cancelled;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>
            <span class="name">{sweep.name}</span> <StateBadge state={sweep.state} />
          </h1>
          <p class="sub">
            {sweep.workload} · {sweep.tasks.map((task) => taskLabel(sweep, task)).join(' + ')} · created{' '}
            <time datetime={sweep.createdAt.toISOString()}>{formatTime(sweep.createdAt)}</time> ·{' '}
            <code>{sweep.id}</code>
            {sweep.archived ? ' · archived' : ''}
            {isMadeUp(sweep.workload) ? null : (
              <>
                {' '}
                · <a href={`/sweeps/${sweep.id}/samples`}>Samples</a>
              </>
            )}
          </p>
        </div>
        <div class="actions">
          {retryable > 0 ? (
            <Post to={`/sweeps/${sweep.id}/retry`} label={`Retry ${retryable} failed or cancelled`} quiet />
          ) : null}
          {place === undefined ? null : (
            <PauseButtons
              base={`/sweeps/${sweep.id}`}
              noun="sweep"
              paused={place.paused !== null}
              running={place.running}
            />
          )}
          {unfinished > 0 ? (
            <Post
              to={`/sweeps/${sweep.id}/cancel`}
              label="Cancel sweep"
              confirm={`Cancel the ${unfinished} trials that have not ended?`}
            />
          ) : (
            <Upkeep sweep={sweep} />
          )}
        </div>
      </div>
      <ProgressBar counts={counts} share={progress.share} large />
      {place === undefined ? null : <PlaceInQueue sweep={sweep} place={place} />}
      <dl class="stats">
        <Stat label="Done">
          <span data-value>{Math.floor(progress.share * 100)}</span>
          <span class="unit"> %</span>
        </Stat>
        {counted
          .filter(({ state, always }) => always || counts[state] > 0)
          .map(({ state, tone }) => (
            <Stat label={`${state.charAt(0).toUpperCase()}${state.slice(1)}`} tone={tone}>
              <span data-value>{counts[state]}</span>
              {state === 'succeeded' ? <span class="unit"> of {progress.total}</span> : null}
            </Stat>
          ))}
        <Stat label="Elapsed">
          {progress.elapsed === undefined ? (
            dash
          ) : (
            <span data-elapsed={unfinished > 0 ? progress.elapsed.toFixed(0) : undefined}>
              {formatDuration(progress.elapsed)}
            </span>
          )}
        </Stat>
        <Stat label="Time left">{progress.left === undefined ? dash : `about ${formatEstimate(progress.left)}`}</Stat>
        <Stat label="Rate">
          {progress.trialsPerMinute === undefined ? (
            dash
          ) : (
            <>
              {progress.trialsPerMinute.toFixed(1)}
              <span class="unit"> trials/min</span>
            </>
          )}
        </Stat>
      </dl>
    </>
  );
}

/** What a command did, told once after the redirect. */
export function Notice({ text }: { text: string | undefined }) {
  return text === undefined ? null : (
    <p class="notice" role="status">
      {text}
    </p>
  );
}

/** The place of charts; the browser fetches their data and draws them. */
export function ChartsPlace({ source }: { source: string }) {
  return (
    <div class="charts" data-charts={source}>
      <noscript>
        <p class="empty">Charts need JavaScript. The numbers are in the table.</p>
      </noscript>
    </div>
  );
}

export interface SweepPageProps {
  readonly assets: PageProps['assets'];
  readonly sweep: SweepOverview;
  readonly place: QueuedSweep | undefined;
  readonly notice: string | undefined;
  readonly annotation: Child;
  readonly comparison: Child;
  readonly trials: Child;
  /** Query of the table's view and the list's filter, kept when they are fetched again. */
  readonly query: string;
}

/** The list of these is laid out with the rest of the page. */
const fewTrials = 50;

export function SweepPage(props: SweepPageProps) {
  const { assets, sweep, place, notice, annotation, comparison, trials, query } = props;
  const base = `/sweeps/${sweep.id}`;
  const trialCount = Object.values(sweep.counts).reduce((sum, count) => sum + count, 0);
  return (
    <Page title={sweep.name} assets={assets} events={`/events?sweep=${sweep.id}`}>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/">Sweeps</a> <span aria-hidden="true">/</span>
      </nav>
      <Notice text={notice} />
      <Live id="summary" source={`${base}/fragment/summary`}>
        <SweepSummary sweep={sweep} place={place} />
      </Live>
      {annotation}
      <section class="card flush" aria-labelledby="comparison-title">
        <div class="card-head">
          <h2 id="comparison-title">Comparison</h2>
          <PublishLinks sweepId={sweep.id} />
        </div>
        <Live id="comparison" source={`${base}/fragment/comparison${query}`}>
          {comparison}
        </Live>
      </section>
      <ChartsPlace source={`${base}/charts.json`} />
      <section class={`card flush${trialCount > fewTrials ? ' far-down' : ''}`} aria-labelledby="trials-title">
        <div class="card-head">
          <h2 id="trials-title">Trials</h2>
        </div>
        <Live id="trials" source={`${base}/fragment/trials${query}`}>
          {trials}
        </Live>
      </section>
    </Page>
  );
}
