import { formatAgo, formatBytes } from '../format.js';
import type { WorkerRow } from '../queries/workers.js';
import { Live, Page, TableScroll, type PageProps } from './layout.js';
import { StateBadge } from './state.js';

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

function WorkerLine({ worker }: { worker: WorkerRow }) {
  const details = deviceDetails(worker);
  return (
    <tr data-key={worker.id} class={worker.state === 'gone' ? 'faded' : undefined}>
      <th scope="row">
        {worker.name}
        <span class="sub">
          {worker.host} · v{worker.softwareVersion}
        </span>
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
        <Slots worker={worker} />
      </td>
      <td class="number nowrap" data-label="Last seen">
        {formatAgo(worker.lastSeenAgo)}
      </td>
    </tr>
  );
}

/** The workers heard of within a day, or how to start one. */
export function WorkersTable({ workers }: { workers: readonly WorkerRow[] }) {
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
            <WorkerLine worker={worker} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}

export function WorkersPage({ assets, workers }: { assets: PageProps['assets']; workers: readonly WorkerRow[] }) {
  return (
    <Page title="Workers" assets={assets} events="/events" current="workers">
      <div class="page-head">
        <h1>Workers</h1>
      </div>
      <section class="card flush">
        <Live id="workers" source="/fragment/workers">
          <WorkersTable workers={workers} />
        </Live>
      </section>
    </Page>
  );
}
