import { workloads, type WorkloadInfo } from '../../shared/catalog/workloads.js';
import type { Comparison } from '../../shared/compare/comparison.js';
import { comparisonNotes, protocolLine } from '../../shared/compare/notes.js';
import { escapeLatex } from '../../shared/compare/render-latex.js';
import { escapeMarkdown } from '../../shared/compare/render-markdown.js';
import { oneLine } from '../../shared/compare/plain-text.js';
import { formatDuration } from '../../shared/format-duration.js';
import { optionLabel } from '../compare/option-label.js';
import { differingOptions, type SettingOptions } from '../compare/options.js';

/** One kind of machine that trained, with what it did. */
export interface UsedDevice {
  readonly backend: string;
  readonly device: string;
  readonly driver: string | undefined;
  /** Versions of this software that its workers ran. */
  readonly versions: readonly string[];
  /** Attempts that ended in a result. */
  readonly trials: number;
  /** Of those attempts together. */
  readonly seconds: number;
}

/** What a description of the experiment is made from. */
export interface ProtocolFacts {
  readonly comparison: Comparison;
  readonly options: ReadonlyMap<string, SettingOptions>;
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
  readonly devices: readonly UsedDevice[];
  /** Attempts that ended without a result and were made again. */
  readonly lostAttempts: number;
}

/** A paragraph with its heading. */
export interface ProtocolPart {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** How the numbers of a sweep came about, complete enough to be repeated and short enough for an appendix. */
export function describeProtocol(facts: ProtocolFacts): ProtocolPart[] {
  return [
    { title: 'Data and tasks', sentences: dataSentences(facts) },
    { title: 'Settings', sentences: settingSentences(facts) },
    { title: 'Training', sentences: trainingSentences(facts) },
    { title: 'Seeds', sentences: seedSentences(facts) },
    {
      title: 'Selection and evaluation',
      sentences: [`${protocolLine(facts.comparison)}.`, ...comparisonNotes(facts.comparison)],
    },
    { title: 'Hardware and software', sentences: machineSentences(facts) },
  ].filter(({ sentences }) => sentences.length > 0);
}

function list(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

function counted(count: number, one: string, many: string): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}

/** Options with one value in all settings, by path. */
function commonOptions({ comparison, options }: ProtocolFacts): Map<string, string> {
  const all = comparison.rows.flatMap(({ setting }) => options.get(setting.key) ?? []);
  const [first] = all;
  if (first === undefined) return new Map();
  return new Map([...first].filter(([path, value]) => all.every((other) => other.get(path) === value)));
}

/** "train 600, height 64": options below a path, without it. */
function optionText(options: ReadonlyMap<string, string>, prefix: string): string[] {
  return [...options]
    .filter(([path]) => path.startsWith(prefix))
    .map(([path, value]) => `${optionLabel(path.slice(prefix.length))} ${value}`);
}

function dataSentences(facts: ProtocolFacts): string[] {
  const { comparison } = facts;
  const data = optionText(commonOptions(facts), 'data.');
  const known: Readonly<Record<string, WorkloadInfo>> = workloads;
  const description = Object.hasOwn(known, comparison.workload) ? known[comparison.workload]?.description : undefined;
  return [
    `Workload ${comparison.workload}${description === undefined ? '.' : `: ${description}`}`,
    `Tasks: ${list(comparison.tasks.map(({ label }) => label))}.`,
    ...(data.length > 0 ? [`Data options: ${data.join(', ')}.`] : []),
  ];
}

function settingSentences({ comparison, options }: ProtocolFacts): string[] {
  const of = (kind: string) => comparison.rows.filter(({ setting }) => setting.kind === kind);
  const learned = of('learned').map(({ name }) => name);
  const kinds = [
    ...(of('single').length > 0 ? [counted(of('single').length, 'single-task network', 'single-task networks')] : []),
    ...(of('fixed').length > 0 ? [`${String(of('fixed').length)} with fixed loss weights`] : []),
    ...(learned.length > 0 ? [`${String(learned.length)} with learned weights`] : []),
  ];
  const varied = differingOptions(
    comparison.rows.map(({ setting }) => options.get(setting.key) ?? new Map<string, string>()),
  )
    .filter(({ path }) => !path.startsWith('weighting.') && path !== 'tasks')
    .map(({ path, values }) => `${optionLabel(path)} (${[...new Set(values)].join(', ')})`);
  return [
    `${counted(comparison.rows.length, 'setting', 'settings')}: ${list(kinds)}.`,
    ...(learned.length > 0 ? [`Learned weightings: ${learned.join('; ')}.`] : []),
    ...(varied.length > 0 ? [`Varied besides the weights: ${varied.join('; ')}.`] : []),
  ];
}

function trainingSentences(facts: ProtocolFacts): string[] {
  const common = commonOptions(facts);
  const parts = ['model.', 'optimizer.'].flatMap((prefix) => {
    const texts = optionText(common, prefix);
    return texts.length === 0 ? [] : [`${prefix === 'model.' ? 'Model' : 'Optimizer'}: ${texts.join(', ')}.`];
  });
  const run = ['epochs', 'batchSize'].flatMap((path) => {
    const value = common.get(path);
    return value === undefined ? [] : [`${optionLabel(path)} ${value}`];
  });
  return [...parts, ...(run.length > 0 ? [`In all settings: ${run.join(', ')}.`] : [])];
}

function seedSentences({ comparison, lostAttempts }: ProtocolFacts): string[] {
  const trials = comparison.rows.flatMap((row) => row.trials);
  const states = [...new Set(trials.map(({ state }) => state))].map(
    (state) => `${String(trials.filter((trial) => trial.state === state).length)} ${state}`,
  );
  return [
    `Each setting was trained once with ${comparison.seeds.length === 1 ? 'seed' : 'each of the seeds'} ${list(comparison.seeds.map(String))}; ` +
      'a seed decides the initial parameters, the order of the samples and the random draws of a weighting, and is the same for all settings.',
    `${counted(trials.length, 'trial', 'trials')}: ${list(states)}.`,
    ...(lostAttempts > 0
      ? [
          `${counted(lostAttempts, 'attempt', 'attempts')} ended without a result; what was trained again is counted once.`,
        ]
      : []),
  ];
}

function machineSentences({ devices, createdAt, endedAt }: ProtocolFacts): string[] {
  const versions = [...new Set(devices.flatMap((device) => device.versions))];
  return [
    ...devices.map(({ backend, device, driver, trials, seconds }) => {
      const driven = driver === undefined ? '' : ` (driver ${driver})`;
      return `${counted(trials, 'trial', 'trials')} by ${backend} on ${device}${driven}, ${formatDuration(seconds)} of training together.`;
    }),
    ...(versions.length > 0 ? [`Trained with sigmasweep ${list(versions)}.`] : []),
    `Submitted ${createdAt.toISOString().slice(0, 16).replace('T', ' ')} UTC${
      endedAt === undefined ? '' : `, ended ${endedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
    }.`,
  ];
}

/** The description for notes and web pages. */
export function protocolMarkdown(facts: ProtocolFacts): string {
  const parts = describeProtocol(facts).map(
    ({ title, sentences }) => `**${title}.** ${sentences.map((text) => escapeMarkdown(oneLine(text))).join(' ')}\n`,
  );
  return [`## Protocol of ${escapeMarkdown(oneLine(facts.comparison.name))}\n`, ...parts].join('\n');
}

/** The description for an appendix. */
export function protocolLatex(facts: ProtocolFacts): string {
  const parts = describeProtocol(facts).map(
    ({ title, sentences }) =>
      `\\paragraph{${escapeLatex(title)}.} ${sentences.map((text) => escapeLatex(oneLine(text))).join('\n')}\n`,
  );
  return ['% \\usepackage{amssymb} and \\usepackage[T1]{fontenc}', ...parts].join('\n');
}
