import type { Child } from 'hono/jsx';
import { isTerminal } from '../../shared/trial-state.js';
import { taskMetricLabel, testMetrics } from '../../shared/compare/metric-names.js';
import { dash } from '../../shared/compare/number-forms.js';
import { formatDuration } from '../../shared/format-duration.js';
import { formatBytes, formatTime } from '../format.js';
import type { AttemptRow, CheckpointRow, RecordedError, TrialDetail } from '../queries/trials.js';
import { Live, Page, TableScroll, type PageProps } from './layout.js';
import { StateBadge } from './state.js';
import { PauseButtons, PriorityForm } from './queue.js';
import { Post } from './sweep-actions.js';
import { ChartsPlace, Notice, Stat } from './sweep.js';
import { Steps } from './trial-list.js';

export function ErrorBox({ error }: { error: RecordedError }) {
  return (
    <div class="error-box">
      <p>
        <code>{error.code}</code>
      </p>
      <p class="error-text">{error.message}</p>
      {error.hint === undefined ? null : <p class="muted">{error.hint}</p>}
    </div>
  );
}

/** A metric on the test split. */
export interface TestMetric {
  readonly task: string;
  readonly metric: string;
  /** Unscaled. */
  readonly value: number;
}

/** The trial's own line of the comparison, one number per metric. */
function TestMetrics({ trial, metrics }: { trial: TrialDetail; metrics: readonly TestMetric[] }) {
  const shown = trial.setting.tasks.flatMap((task) =>
    testMetrics(trial.sweep, task).flatMap((info) => {
      const found = metrics.find((one) => one.task === task && one.metric === info.name);
      return found === undefined ? [] : [{ task, info, value: found.value }];
    }),
  );
  if (shown.length === 0) return null;
  return (
    <section aria-label="Test metrics">
      <dl class="stats">
        {shown.map(({ task, info, value }) => (
          <Stat label={taskMetricLabel(trial.sweep, task, info)}>
            <span data-value>{(value * info.scale).toFixed(info.decimals)}</span>
            <span class="unit"> {info.unit}</span>
          </Stat>
        ))}
      </dl>
      <p class="sub">On the test split after the last epoch.</p>
    </section>
  );
}

/** What a trial waits for, or where its weights came from. */
function DependenciesLine({ trial: { dependencies, setting, state } }: { trial: TrialDetail }) {
  const { all, unmet, first } = dependencies;
  if (all === 0) return null;
  if (state !== 'waiting') return setting.note === null ? null : <p class="sub">From other trials: {setting.note}.</p>;
  return (
    <>
      <p class="sub">
        Its weights come from {all} other {all === 1 ? 'trial' : 'trials'}; it waits for {unmet} of them:
      </p>
      <ul class="sub">
        {first.map(({ id, label, state: of }) => (
          <li>
            <a href={`/trials/${id}`}>{label}</a> <StateBadge state={of} />
          </li>
        ))}
        {unmet > first.length ? <li>and {unmet - first.length} more</li> : null}
      </ul>
    </>
  );
}

/** The head of a trial's page. */
export function TrialHead({ trial, metrics }: { trial: TrialDetail; metrics: readonly TestMetric[] }) {
  const retryable = trial.state === 'failed' || trial.state === 'stopped' || trial.state === 'cancelled';
  return (
    <>
      <div class="page-head">
        <div>
          <h1>
            <span class="name">{trial.label}</span> <StateBadge state={trial.state} />
          </h1>
          <p class="sub">
            Seed {trial.seed} · {trial.failures} of at most {trial.maxFailures} failed attempts ·{' '}
            <code>{trial.id}</code>
          </p>
        </div>
        <div class="actions">
          {retryable ? <Post to={`/trials/${trial.id}/retry`} label="Retry trial" quiet /> : null}
          {isTerminal(trial.state) ? null : (
            <>
              <PauseButtons
                base={`/trials/${trial.id}`}
                noun="trial"
                paused={trial.paused}
                running={trial.state === 'running' ? 1 : 0}
              />
              {trial.state === 'running' ? null : (
                <PriorityForm base={`/trials/${trial.id}`} name="this trial" priority={trial.priority} />
              )}
              <Post to={`/trials/${trial.id}/cancel`} label="Cancel trial" confirm="Cancel this trial?" />
            </>
          )}
        </div>
      </div>
      {trial.state === 'running' ? (
        <p class="trial-steps">
          <Steps step={trial.step} steps={trial.steps} />
        </p>
      ) : null}
      {trial.hold === undefined ? null : <p class="sub">{trial.hold}</p>}
      <DependenciesLine trial={trial} />
      {trial.stop === null ? null : <p class="sub">Stopped early, so without a result. {trial.stop}.</p>}
      {trial.error === undefined ? null : <ErrorBox error={trial.error} />}
      <TestMetrics trial={trial} metrics={metrics} />
    </>
  );
}

function AttemptLine({ attempt, shown, trialId }: { attempt: AttemptRow; shown: number; trialId: string }) {
  const seconds =
    attempt.endedAt === null ? undefined : (attempt.endedAt.getTime() - attempt.startedAt.getTime()) / 1000;
  return (
    <tr data-key={String(attempt.number)}>
      <th scope="row">
        <a
          href={`/trials/${trialId}?attempt=${attempt.number}`}
          aria-current={attempt.number === shown ? 'true' : undefined}
        >
          {attempt.number}
        </a>
      </th>
      <td>
        <StateBadge state={attempt.outcome} />
      </td>
      <td class="nowrap">{attempt.workerName ?? attempt.workerId}</td>
      <td>
        <code>{attempt.backend}</code> on {attempt.device}
      </td>
      <td class="nowrap">
        <time datetime={attempt.startedAt.toISOString()}>{formatTime(attempt.startedAt)}</time>
        {attempt.resumed === undefined ? null : (
          <span class="sub">
            from step {attempt.resumed.step} of attempt {attempt.resumed.attempt}
          </span>
        )}
      </td>
      <td class="number">{seconds === undefined ? dash : formatDuration(seconds)}</td>
      <td class="reason">
        {attempt.error === undefined ? (
          dash
        ) : (
          <>
            <code>{attempt.error.code}</code>
            <span class="sub">{attempt.error.message}</span>
          </>
        )}
      </td>
    </tr>
  );
}

export function Attempts({ trial, shown }: { trial: TrialDetail; shown: number }) {
  if (trial.attempts.length === 0) return <p class="empty">No worker has claimed this trial yet.</p>;
  return (
    <TableScroll label="Attempts">
      <table class="attempts">
        <caption class="hidden">Attempts, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Outcome</th>
            <th scope="col">Worker</th>
            <th scope="col">Backend</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Duration
            </th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          {trial.attempts.map((attempt) => (
            <AttemptLine attempt={attempt} shown={shown} trialId={trial.id} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

/** What another attempt would go on from; nothing when there is none. */
export function Checkpoints({ checkpoints }: { checkpoints: readonly CheckpointRow[] }) {
  if (checkpoints.length === 0) return null;
  return (
    <TableScroll label="Checkpoints">
      <table class="checkpoints">
        <caption class="hidden">Checkpoints, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Checkpoint</th>
            <th scope="col">Attempt</th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col">Stored</th>
          </tr>
        </thead>
        <tbody>
          {checkpoints.map(({ object, attempt, step, bytes, createdAt, final }) => (
            <tr data-key={object}>
              <th scope="row">{final ? 'trained network' : `step ${step}`}</th>
              <td>{attempt}</td>
              <td class="number">{formatBytes(bytes)}</td>
              <td class="nowrap">
                <time datetime={createdAt.toISOString()}>{formatTime(createdAt)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

export interface TrialPageProps {
  readonly assets: PageProps['assets'];
  readonly trial: TrialDetail;
  /** Number of the attempt whose numbers, pictures and log are shown; 0 when there is none. */
  readonly attempt: number;
  /** Query of the fragments: which attempt and epoch a person chose. */
  readonly query: string;
  readonly notice: string | undefined;
  readonly head: Child;
  readonly attempts: Child;
  readonly annotation: Child;
  readonly pictures: Child;
  readonly confusion: Child;
  readonly configuration: Child;
  readonly log: Child;
}

export function TrialPage(props: TrialPageProps) {
  const { trial, query } = props;
  const base = `/trials/${trial.id}`;
  return (
    <Page title={trial.label} assets={props.assets} events={`/events?sweep=${trial.sweep.id}`}>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/">Sweeps</a> <span aria-hidden="true">/</span>{' '}
        <a href={`/sweeps/${trial.sweep.id}`}>{trial.sweep.name}</a> <span aria-hidden="true">/</span>
      </nav>
      <Notice text={props.notice} />
      <Live id="head" source={`${base}/fragment/head${query}`}>
        {props.head}
      </Live>
      {props.annotation}
      <section class="card flush" aria-labelledby="pictures-title">
        <div class="card-head">
          <h2 id="pictures-title">Predictions</h2>
        </div>
        <Live id="pictures" source={`${base}/fragment/pictures${query}`}>
          {props.pictures}
        </Live>
      </section>
      <ChartsPlace source={`${base}/charts.json${query}`} />
      <Live id="confusion" source={`${base}/fragment/confusion${query}`}>
        {props.confusion}
      </Live>
      <section class="card flush" aria-labelledby="attempts-title">
        <div class="card-head">
          <h2 id="attempts-title">Attempts</h2>
        </div>
        <Live id="attempts" source={`${base}/fragment/attempts${query}`}>
          {props.attempts}
        </Live>
      </section>
      <section class="card" id="configuration" aria-labelledby="configuration-title">
        <div class="card-head">
          <h2 id="configuration-title">Configuration</h2>
        </div>
        {props.configuration}
      </section>
      <section class="card flush" aria-labelledby="log-title">
        <div class="card-head">
          <h2 id="log-title">Log{props.attempt > 0 ? ` of attempt ${props.attempt}` : ''}</h2>
        </div>
        <Live id="log" source={`${base}/fragment/log${query}`}>
          {props.log}
        </Live>
      </section>
    </Page>
  );
}
