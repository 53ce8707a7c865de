import { waitReasonLabels, type QueuedSweep, type Requirements, type WaitGroup } from '../../shared/schedule/queue.js';
import { mayOperate } from '../access/identity.js';
import { formatBytes } from '../format.js';
import type { QueueRow } from '../queries/queue.js';
import { trialsText } from '../routes/parameters.js';
import { TableScroll } from './layout.js';
import { Post } from './sweep-actions.js';

/** Reasons that a person has to do something about, or wants to know of, stand out. */
const toneOf: Readonly<Record<WaitGroup['reason'], string>> = {
  trials: 'waiting',
  paused: 'off',
  backoff: 'warn',
  budget: 'bad',
  worker: 'bad',
  limit: 'waiting',
  slot: 'active',
};

/** What the trials of a sweep wait for, one line for each reason. */
export function Waits({ waits }: { waits: readonly WaitGroup[] }) {
  if (waits.length === 0) return <span class="muted">nothing waits</span>;
  return (
    <ul class="waits">
      {waits.map(({ reason, trials, detail }) => (
        <li class={`wait tone-${toneOf[reason]}`} data-key={`${reason}-${detail === null ? '' : 'detail'}`}>
          <span class="wait-count" data-value>
            {trials}
          </span>{' '}
          <span>
            {waitReasonLabels[reason]}
            {detail === null ? null : <span class="sub">{detail}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function requirementTexts({ backends, memoryBytes, labels, commands }: Requirements): string[] {
  return [
    ...(backends.length === 0 ? [] : [backends.join(' or ')]),
    ...(memoryBytes === null ? [] : [`${formatBytes(memoryBytes)} of device memory`]),
    ...labels,
    ...commands.map((name) => `command ${name}`),
  ];
}

/** What a sweep asks of workers. */
export function RequirementTags({ requires }: { requires: Requirements }) {
  const texts = requirementTexts(requires);
  if (texts.length === 0) return null;
  return (
    <span class="sub">
      needs{' '}
      {texts.map((text) => (
        <>
          <span class="tag">{text}</span>{' '}
        </>
      ))}
    </span>
  );
}

const hours = (seconds: number): string => String(Number((seconds / 3600).toFixed(seconds < 36_000 ? 2 : 0)));

/** What is used of a budget; nothing where there is none. */
export function BudgetLine({ sweep }: { sweep: QueuedSweep }) {
  const { budgetTrials, budgetSeconds, started, usedSeconds } = sweep;
  const parts = [
    ...(budgetTrials === null ? [] : [`${started} of ${budgetTrials} trials started`]),
    ...(budgetSeconds === null ? [] : [`${hours(usedSeconds)} of ${hours(budgetSeconds)} device hours used`]),
  ];
  return parts.length === 0 ? null : <span class="sub">budget: {parts.join(', ')}</span>;
}

/** A small form for the priority of a sweep or a trial. */
export function PriorityForm({
  base,
  name,
  priority,
  from,
}: {
  base: string;
  name: string;
  priority: number;
  from?: string;
}) {
  if (!mayOperate()) return null;
  return (
    <form
      method="post"
      action={`${base}/priority`}
      class="priority"
      data-key={`${base}/priority`}
      data-confirm={`Change the priority of ${name}?`}
    >
      {from === undefined ? null : <input type="hidden" name="from" value={from} />}
      <label>
        <span class="sub">Priority</span>
        <input name="priority" type="number" min="-1000" max="1000" step="1" value={String(priority)} required />
      </label>
      <button class="button" type="submit">
        Set
      </button>
    </form>
  );
}

/** Pause or resume, whichever there is to do. */
export function PauseButtons({
  base,
  noun,
  paused,
  running,
  from,
}: {
  base: string;
  noun: 'sweep' | 'trial';
  paused: boolean;
  /** Trials of it that run. */
  running: number;
  from?: string;
}) {
  if (paused) {
    return (
      <Post
        to={`${base}/resume`}
        label={`Resume ${noun}`}
        confirm={`Let this ${noun} go on?`}
        fields={{ from }}
        quiet
      />
    );
  }
  return (
    <>
      {noun === 'trial' && running > 0 ? null : (
        <Post
          to={`${base}/pause`}
          label={`Pause ${noun}`}
          confirm={
            noun === 'sweep' && running > 0
              ? `Start nothing more of this sweep? The ${trialsText(running)} that run go on to their end.`
              : `Start nothing of this ${noun} until it is resumed?`
          }
          fields={{ from }}
          quiet
        />
      )}
      {running > 0 ? (
        <Post
          to={`${base}/pause`}
          label={noun === 'trial' ? 'Pause trial' : 'Pause now'}
          confirm={`Pause this ${noun} and hand ${trialsText(running)} back, with a checkpoint to go on from?`}
          fields={{ from, now: 'yes' }}
          quiet
        />
      ) : null}
    </>
  );
}

function QueueLine({ sweep }: { sweep: QueueRow }) {
  const { sweepId, name, priority, share, maxRunning, running, paused, waits, retryable } = sweep;
  const base = `/sweeps/${sweepId}`;
  const open = running + waits.reduce((sum, { trials }) => sum + trials, 0);
  return (
    <tr data-key={sweepId}>
      <th scope="row">
        <a class="name" href={base}>
          {name}
        </a>
        <RequirementTags requires={sweep.requires} />
        <BudgetLine sweep={sweep} />
      </th>
      <td data-label="Priority" class="nowrap">
        <div>
          <span data-value>{priority}</span>
          <span class="sub">share {share}</span>
        </div>
      </td>
      <td data-label="Running" class="nowrap">
        <div>
          <span data-value>{running}</span>
          {maxRunning === null ? null : <span class="sub">of at most {maxRunning}</span>}
        </div>
      </td>
      <td class="across">
        <Waits waits={waits} />
      </td>
      {mayOperate() ? (
        <td class="across">
          <div class="actions">
            <PauseButtons base={base} noun="sweep" paused={paused !== null} running={running} from="queue" />
            <PriorityForm base={base} name={name} priority={priority} from="queue" />
            {retryable > 0 ? (
              <Post
                to={`${base}/retry`}
                label={`Retry ${retryable}`}
                confirm={`Queue ${trialsText(retryable)} again that failed or were cancelled?`}
                fields={{ from: 'queue' }}
                quiet
              />
            ) : null}
            <Post
              to={`${base}/cancel`}
              label="Cancel"
              confirm={`Cancel the ${trialsText(open)} of ${name} that have not ended?`}
              fields={{ from: 'queue' }}
            />
          </div>
        </td>
      ) : null}
    </tr>
  );
}

/** The sweeps that are not over: who is next, and what the others wait for. */
export function QueueTable({ sweeps }: { sweeps: readonly QueueRow[] }) {
  if (sweeps.length === 0) {
    return (
      <div class="empty">
        <p>Nothing waits: every sweep has ended.</p>
      </div>
    );
  }
  return (
    <TableScroll label="Queue">
      <table class="queue stacked">
        <caption class="hidden">Sweeps that have not ended, the highest priority first</caption>
        <thead>
          <tr>
            <th scope="col">Sweep</th>
            <th scope="col">Priority</th>
            <th scope="col">Running</th>
            <th scope="col">What waits, and for what</th>
            {mayOperate() ? <th scope="col">Change</th> : null}
          </tr>
        </thead>
        <tbody>
          {sweeps.map((sweep) => (
            <QueueLine sweep={sweep} />
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
