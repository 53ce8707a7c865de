import { formatAgo, formatBytes } from '../format.js';
import type { WorkerRow } from '../queries/workers.js';
import type { Child } from 'hono/jsx';
import { formatDuration } from '../../shared/format-duration.js';
import type { SlotTrial } from '../queries/slot-trials.js';
import { Live, Page, TableScroll, type PageProps } from './layout.js';
import { StateBadge } from './state.js';
import { Notice } from './sweep.js';
import { Steps } from './trial-list.js';

function Slots({ worker }: { worker: WorkerRow }) {
  const busy = Math.min(worker.trials.length, worker.slots);
  return (
    <span class="slots">
      <span data-value>
        {busy} of {worker.slots}
      </span>
      {worker.slots <= 16 ? (
        <span class="slot-row" aria-hidden="true">
          {Array.from({ length: worker.slots }, (_, slot) => (
            <span class={slot < busy ? 'slot slot-busy' : 'slot'}></span>
          ))}
        </span>
      ) : null}
    </span>
  );
}

/** For example "NVIDIA 550.54 · 80 GiB"; nothing of what the worker does not know. */
function deviceDetails({ driver, memoryBytes, threads }: WorkerRow): string {
  return [
    driver,
    memoryBytes === undefined ? undefined : `${formatBytes(memoryBytes)} memory`,
    threads === undefined ? undefined : threads === 1 ? '1 thread a trial' : `${String(threads)} threads a trial`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');
}

function rateText(stepsPerSecond: number): string {
  return `${stepsPerSecond.toFixed(stepsPerSecond < 10 ? 2 : 0)} steps/s`;
}

/** What a worker trains, one line for each busy slot. */
function SlotTrials({ trials }: { trials: readonly SlotTrial[] }) {
  if (trials.length === 0) return null;
  return (
    <ul class="slot-trials">
      {trials.map(({ id, label, sweepId, sweepName, step, steps, seconds, stepsPerSecond }) => (
        <li data-key={id}>
          <a href={`/trials/${id}`}>{label}</a>
          <span class="sub">
            of{' '}
            <a class="name" href={`/sweeps/${sweepId}`}>
              {sweepName}
            </a>
          </span>
          <span class="slot-progress">
            <Steps step={step} steps={steps} />
            <span class="sub">
              {step === null || steps === null ? 'no step yet' : `step ${String(step)} of ${String(steps)}`}
              {stepsPerSecond === undefined ? '' : ` · ${rateText(stepsPerSecond)}`} · {formatDuration(seconds)} so far
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function WorkerLine({ worker, trials }: { worker: WorkerRow; trials: readonly SlotTrial[] }) {
  const details = deviceDetails(worker);
  return (
    <tr data-key={worker.id} class={worker.state === 'gone' ? 'faded' : undefined}>
      <th scope="row">
        {worker.name}
        <span class="sub">
          {worker.host} · v{worker.softwareVersion}
        </span>
        {worker.labels.map((label) => (
          <>
            <span class="tag">{label}</span>{' '}
          </>
        ))}
      </th>
      <td>
        <StateBadge state={worker.state} />
      </td>
      <td class="reason across">
        <code>{worker.backend}</code> on {worker.device}
        {details === '' ? null : <span class="sub">{details}</span>}
        <span class="sub">{worker.backendReason}</span>
      </td>
      <td data-label="Slots busy">
        <div class="slots-cell">
          <Slots worker={worker} />
          <SlotTrials trials={trials} />
        </div>
      </td>
      <td class="number nowrap" data-label="Last seen">
        {formatAgo(worker.lastSeenAgo)}
      </td>
    </tr>
  );
}

/**
 * The workers heard of within a day, or how to start one.
 * @param slots what each of them trains; left out where only their number is of interest
 */
export function WorkersTable({
  workers,
  slots,
}: {
  workers: readonly WorkerRow[];
  slots?: ReadonlyMap<string, readonly SlotTrial[]>;
}) {
  if (workers.length === 0) {
    return (
      <div class="empty">
        <p>
          No worker has reported within a day. <code>npx sigmasweep up</code> starts one on this machine.
        </p>
      </div>
    );
  }
  return (
    <TableScroll label="Workers">
      <table class="workers stacked">
        <caption class="hidden">Workers heard of within a day</caption>
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">State</th>
            <th scope="col">Backend and why</th>
            <th scope="col">Slots busy</th>
            <th scope="col" class="number">
              Last seen
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <WorkerLine worker={worker} trials={slots?.get(worker.id) ?? []} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

export interface WorkersPageProps {
  readonly assets: PageProps['assets'];
  readonly workers: Child;
  readonly queue: Child;
  readonly notice: string | undefined;
}

export function WorkersPage({ assets, workers, queue, notice }: WorkersPageProps) {
  return (
    <Page title="Workers and queue" assets={assets} events="/events" current="workers">
      <div class="page-head">
        <h1>Workers and queue</h1>
      </div>
      <Notice text={notice} />
      <section class="card flush" aria-labelledby="workers-title">
        <div class="card-head">
          <h2 id="workers-title">Workers</h2>
        </div>
        <Live id="workers" source="/fragment/workers">
          {workers}
        </Live>
      </section>
      <section class="card flush" aria-labelledby="queue-title">
        <div class="card-head">
          <h2 id="queue-title">Queue</h2>
        </div>
        <Live id="queue" source="/fragment/queue">
          {queue}
        </Live>
      </section>
    </Page>
  );
}
