import { isMadeUp } from '../catalog/workloads.js';
import { isSearchedPoint } from '../plan/names.js';
import { isTerminal } from '../trial-state.js';
import { baselineKey, type Baseline, type Comparison } from './comparison.js';
import { significanceLevel } from './close-to-best.js';
import { closeMark, derivedMark, learnedMark } from './number-forms.js';
import { oneLine } from './plain-text.js';

/** Labels listed in a note before the rest is only counted. */
const listed = 5;

/** A table of made-up numbers must never pass for a result. */
const rehearsalNote = 'A rehearsal: nothing was trained, every number is made up by a formula.';

/** What the numbers of a table are, in one line: every table tells it. */
export function protocolLine({ rows, seeds, workload }: Comparison): string {
  const what = isMadeUp(workload) ? 'MADE-UP NUMBERS OF A REHEARSAL' : 'Test split after the last epoch';
  const over =
    seeds.length === 0
      ? ''
      : seeds.length === 1
        ? `, seed ${seeds.join()} alone (no spread)`
        : `, mean ± sample standard deviation over seeds ${seedText(rows, seeds)}`;
  return `${what}${over}`;
}

/** The seeds of most rows, and those of the rows that have others. */
function seedText(rows: Comparison['rows'], seeds: readonly number[]): string {
  const [common, ...others] = seedLists(rows);
  if (common === undefined) return seeds.join(', ');
  return [common.seeds, ...others.map((other) => `${other.seeds} (${other.labels.join('; ')})`)].join('; ');
}

/** The different lists of seeds that rows have been planned with, the most frequent first. */
function seedLists(rows: Comparison['rows']): { seeds: string; labels: string[] }[] {
  const lists = new Map<string, string[]>();
  for (const { trials, setting } of rows.filter((row) => row.trials.length > 0)) {
    const seeds = trials.map(({ seed }) => seed).join(', ');
    lists.set(seeds, [...(lists.get(seeds) ?? []), oneLine(setting.label)]);
  }
  return [...lists].map(([seeds, labels]) => ({ seeds, labels })).sort((a, b) => b.labels.length - a.labels.length);
}

/** Remarks below a table: what its signs mean, what is missing and why. */
export function comparisonNotes(comparison: Comparison): string[] {
  return [
    ...(isMadeUp(comparison.workload) ? [rehearsalNote] : []),
    ...skippedNotes(comparison),
    ...weightNotes(comparison),
    ...originNotes(comparison),
    ...deltaNotes(comparison),
    ...sizeNotes(comparison),
    ...competitionNotes(comparison),
    ...significanceNotes(comparison),
    ...(comparison.procedure ?? []),
    ...stoppedNotes(comparison),
    ...unfinishedNotes(comparison),
  ];
}

function skippedNotes({ skipped }: Comparison): string[] {
  if (skipped === undefined) return [];
  const counts = Object.entries(skipped).filter(([, count]) => count > 0);
  const list = counts.map(([split, count]) => `${String(count)} of the ${split} split`).join(', ');
  return [`Samples left out because their files are broken: ${list}. The trials’ logs name them.`];
}

function weightNotes({ rows }: Comparison): string[] {
  const marked = (sign: string): boolean => rows.some(({ weights }) => weights.some(({ mark }) => mark === sign));
  const signs = [
    ...(rows.some(({ weights }) => weights.some(({ trained }) => !trained))
      ? ['weight 0: the task is not trained']
      : []),
    ...(marked(learnedMark) ? [`${learnedMark}: the weight is learned`] : []),
    ...(marked(derivedMark) ? [`${derivedMark}: the weight comes from other rows and is held fixed`] : []),
  ];
  return signs.length === 0 ? [] : [sentence(signs.join('; '))];
}

/** Where the weights of rows that depend on others come from. */
function originNotes({ rows }: Comparison): string[] {
  // Of a search's points it says the same for each: that stands in the procedure.
  const described = rows.filter(({ setting }) => !isSearchedPoint(setting));
  return described.flatMap(({ setting: { label, note } }) =>
    note == null ? [] : [`${oneLine(label)}: ${oneLine(note)}.`],
  );
}

function deltaNotes({ hasDelta, rows, baselines, tasks }: Comparison): string[] {
  if (!hasDelta) return [];
  const together = rows.filter(({ setting }) => setting.tasks.length > 1);
  /** The baselines that a task's settings need, undefined where one is not there. */
  const wantedOf = (task: string): (Baseline | undefined)[] =>
    together
      .filter(({ setting }) => setting.tasks.includes(task))
      .map(({ setting }) => baselines.get(baselineKey(setting, task)));
  const missing = tasks.filter(({ name }) => wantedOf(name).includes(undefined));
  const partial = tasks.filter(({ name }) =>
    wantedOf(name).some((baseline) => baseline !== undefined && baseline.spread.count < baseline.planned),
  );
  const labels = (some: typeof tasks): string => some.map(({ label }) => label).join(', ');
  return [
    'Δm: mean over a setting’s tasks of the relative change against the task trained alone, + is better; ± is over the setting’s own seeds.',
    ...(rows.some(({ setting, delta }) => delta !== undefined && setting.tasks.length < tasks.length)
      ? ['The best Δm is chosen among settings that train every task: means over different tasks do not compare.']
      : []),
    ...missing.map(({ name, label }) =>
      rows.some(({ setting }) => setting.kind === 'single' && setting.tasks.includes(name))
        ? `Δm of settings with ${label} needs the network trained on it alone, which has no result yet.`
        : `Δm of settings with ${label} is not defined: no network is trained on it alone.`,
    ),
    ...(partial.length > 0
      ? [`The single-task networks of ${labels(partial)} have not finished all of their seeds.`]
      : []),
  ];
}

function sizeNotes({ hasSizes }: Comparison): string[] {
  if (!hasSizes) return [];
  return [
    'Multiply-adds: those of convolutions and dense layers in the forward pass of one image. Each architecture is measured against single-task networks with its own encoder and heads, whose sizes are of one task.',
  ];
}

/** Told only where it keeps a row out that a reader would expect to compete. */
function competitionNotes({ rows }: Comparison): string[] {
  const most = Math.max(0, ...rows.map(({ finished }) => finished));
  const fewer = rows.some(({ finished }) => finished > 0 && finished < most);
  return fewer ? [`Best values are chosen among settings with ${String(most)} finished seeds.`] : [];
}

/** Names the test wherever a mark rests on it, and what it cannot see. */
function significanceNotes({ rows, seeds }: Comparison): string[] {
  const tested = rows.some(({ cells }) => cells.some((cell) => cell?.adjusted !== undefined));
  if (!tested) return [];
  const [common, ...others] = seedLists(rows);
  const count = common?.seeds.split(', ').length ?? seeds.length;
  const power =
    count < 6
      ? ` With ${String(count)} seeds the test sees only differences that are large against their spread: ${closeMark} is no proof of being equal.`
      : '';
  return [
    `${closeMark}: not significantly worse than the best of its column (two-sided paired t-test over seeds, Holm-corrected over the column, level ${String(significanceLevel)}).${power}`,
    ...(others.length > 0 ? ['Settings that have no seed in common are not tested against each other.'] : []),
  ];
}

/** Settings that have no result because others did better, each with how far it got. */
function stoppedNotes({ rows }: Comparison): string[] {
  const stopped = rows.flatMap(({ name, stoppedAt }) =>
    stoppedAt === undefined ? [] : [`${name} (epoch ${String(stoppedAt)})`],
  );
  if (stopped.length === 0) return [];
  const more = stopped.length > listed ? ` and ${String(stopped.length - listed)} more` : '';
  return [
    `Stopped early, so without a result (${String(stopped.length)}): ${stopped.slice(0, listed).join('; ')}${more}.`,
  ];
}

const unfinished = [
  { state: 'failed', text: 'Failed' },
  { state: 'cancelled', text: 'Cancelled' },
] as const;

function unfinishedNotes({ rows }: Comparison): string[] {
  const trials = rows.flatMap((row) => row.trials);
  const ended = unfinished.flatMap(({ state, text }) => {
    const labels = trials.filter((trial) => trial.state === state).map(({ label }) => label);
    if (labels.length === 0) return [];
    const more = labels.length > listed ? ` and ${String(labels.length - listed)} more` : '';
    return [`${text} (${String(labels.length)}): ${labels.slice(0, listed).join('; ')}${more}`];
  });
  const waiting = trials.filter(({ state }) => !isTerminal(state)).length;
  return [
    ...ended,
    ...(waiting > 0 ? [`${String(waiting)} of ${String(trials.length)} trials have not ended yet.`] : []),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
