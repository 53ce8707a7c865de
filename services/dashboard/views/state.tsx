import type { AttemptOutcome, SweepState, TrialCounts, TrialState } from '../../shared/trial-state.js';
import type { WorkerRow } from '../queries/workers.js';

type Shown = TrialState | SweepState | AttemptOutcome | WorkerRow['state'];

/** Shape and colour of each state: neither is ever the only sign. Paths are in a 16 × 16 box. */
const looks: Readonly<Record<Shown, { tone: string; path: string }>> = {
  waiting: { tone: 'waiting', path: 'M3 8h1.2M7.4 8h1.2M11.8 8h1.2' },
  queued: { tone: 'waiting', path: 'M8 3.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6' },
  running: { tone: 'active', path: 'M5 3.5v9l7.5-4.5z' },
  succeeded: { tone: 'good', path: 'M3 8.5l3.2 3.2L13 4.8' },
  completed: { tone: 'good', path: 'M3 8.5l3.2 3.2L13 4.8' },
  failed: { tone: 'bad', path: 'M4 4l8 8M12 4l-8 8' },
  stopped: { tone: 'warn', path: 'M4.5 4.5h7v7h-7z' },
  cancelled: { tone: 'off', path: 'M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10M4.6 11.4l6.8-6.8' },
  'lease-expired': { tone: 'warn', path: 'M8 3v5l3 2M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11' },
  'handed-back': { tone: 'warn', path: 'M13 8H4M7.5 4.5L4 8l3.5 3.5' },
  stopping: { tone: 'warn', path: 'M4.5 4.5h7v7h-7z' },
  gone: { tone: 'off', path: 'M4 8h8' },
  silent: { tone: 'bad', path: 'M8 3v6M8 12v.6' },
};

/** A state as icon and word. */
export function StateBadge({ state }: { state: Shown }) {
  const { tone, path } = looks[state];
  return (
    <span class={`state tone-${tone}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={path} />
      </svg>
      <span data-value>{state.replace('-', ' ')}</span>
    </span>
  );
}

/** Order of the segments in a progress bar: what is done first, what is to be done last. */
const segments = [
  { state: 'succeeded', tone: 'good' },
  { state: 'stopped', tone: 'warn' },
  { state: 'failed', tone: 'bad' },
  { state: 'cancelled', tone: 'off' },
  { state: 'running', tone: 'active' },
] as const satisfies readonly { state: TrialState; tone: string }[];

/** A sweep's trials as one bar. Widths are SVG attributes: the content policy allows no inline style. */
export function ProgressBar({ counts, share, large }: { counts: TrialCounts; share: number; large?: boolean }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  let from = 0;
  const bars = segments
    .filter(({ state }) => counts[state] > 0)
    .map(({ state, tone }) => {
      const width = (100 * counts[state]) / Math.max(1, total);
      const bar = { state, tone, from, width };
      from += width;
      return bar;
    });
  const percent = Math.floor(share * 100);
  const spoken = segments
    .filter(({ state }) => counts[state] > 0)
    .map(({ state }) => `${counts[state]} ${state}`)
    .concat(
      (['queued', 'waiting'] as const).filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`),
    )
    .join(', ');
  return (
    <svg
      class={large === true ? 'progress progress-large' : 'progress'}
      viewBox="0 0 100 10"
      preserveAspectRatio="none"
      role="progressbar"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow={String(percent)}
      aria-valuetext={`${percent} %: ${spoken === '' ? 'no trials' : spoken}`}
      aria-label="Progress"
    >
      {bars.map((bar) => (
        <rect
          class={`fill-${bar.tone}`}
          data-key={bar.state}
          x={bar.from.toFixed(3)}
          y="0"
          width={bar.width.toFixed(3)}
          height="10"
        />
      ))}
    </svg>
  );
}
