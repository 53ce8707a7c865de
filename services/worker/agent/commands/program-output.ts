import { z } from 'zod';
import type { KnownTask } from '../../../shared/catalog/workloads.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { metricSplits, weightingMetrics, wholeTrial, type MetricPoint } from '../../../shared/messages/reports.js';
import { nearest } from '../../../shared/nearest.js';
import type { FromTrainer } from '../../trainer-protocol.js';

/** A line that begins so is a message; any other is something that the program or its libraries print. */
const messageStart = /^\s*\{\s*"/;
const shownCharacters = 200;

const value = z.union([z.number(), z.null(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
const logLevel = z.enum(['debug', 'info', 'warn', 'error']);

const programMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('progress'), step: z.int().min(0), steps: z.int().min(1) }),
  z.strictObject({
    type: z.literal('metrics'),
    epoch: z.int().min(0).max(2_147_483_647),
    split: z.enum(metricSplits),
    /** By task, by metric. */
    values: z.record(z.string(), z.record(z.string().min(1).max(64), value)),
  }),
  z.strictObject({ type: z.literal('log'), level: logLevel.default('info'), text: z.string() }),
  z.strictObject({ type: z.literal('failed'), message: z.string(), retryable: z.boolean().default(false) }),
]);

/** What a program printed was not what docs/command-trainers.md says; the same program would print it again. */
export class ProgramOutputError extends SigmasweepError {
  constructor(code: 'OUTPUT_INVALID' | 'OUTPUT_TOO_LONG' | 'METRIC_UNKNOWN' | 'RESULT_MISSING', message: string) {
    super(code, message, { hint: 'docs/command-trainers.md says what a program may print.' });
  }
}

/** What an attempt may print before it is taken for a program that has gone wild. */
export interface OutputLimits {
  readonly points: number;
  /** Lines of the log beyond these are left out. */
  readonly lines: number;
}

export const outputLimits: OutputLimits = { points: 2_000_000, lines: 20_000 };

/** Reads what a program prints, line by line, and turns it into what the agent understands. */
export class ProgramOutput {
  private points = 0;
  private lines = 0;
  /** `task metric` of each value on the test split. */
  private readonly tested = new Set<string>();

  /** @param tasks those that the trial trains, with their metrics */
  constructor(
    private readonly tasks: readonly KnownTask[],
    private readonly limits = outputLimits,
  ) {}

  /**
   * @returns nothing for an empty line
   * @throws ProgramOutputError; SigmasweepError TRAINING_DIVERGED for a number that is not finite
   */
  read(line: string): FromTrainer | undefined {
    if (!messageStart.test(line)) return this.line('info', lastShown(line));
    const parsed = programMessage.safeParse(parseJson(line));
    if (!parsed.success) {
      const faults = parsed.error.issues
        .slice(0, 3)
        .map(({ path, message }) => `${path.join('.') || 'message'}: ${message}`);
      throw new ProgramOutputError('OUTPUT_INVALID', `The program printed ${shown(line)}; ${faults.join('; ')}`);
    }
    const message = parsed.data;
    switch (message.type) {
      case 'progress':
        return message;
      case 'metrics':
        return this.metrics(message);
      case 'log':
        return this.line(message.level, message.text);
      case 'failed':
        return {
          type: 'failed',
          error: { code: 'PROGRAM_FAILED', message: message.message.slice(0, 10_000) },
          retryable: message.retryable,
          ends: true,
        };
    }
  }

  /** @throws ProgramOutputError RESULT_MISSING when a task's main metric was not reported on the test split */
  expectResult(): void {
    const missing = this.tasks.flatMap(({ name, metrics: [main] }) =>
      main === undefined || this.tested.has(`${name} ${main.name}`) ? [] : [`${main.name} of ${name}`],
    );
    if (missing.length === 0) return;
    throw new ProgramOutputError(
      'RESULT_MISSING',
      `The program ended without an error and never reported ${missing.join(', ')} on the test split`,
    );
  }

  private metrics({
    epoch,
    split,
    values,
  }: Extract<z.output<typeof programMessage>, { type: 'metrics' }>): FromTrainer {
    const points: MetricPoint[] = [];
    for (const [task, ofTask] of Object.entries(values)) {
      const known = this.tasks.find(({ name }) => name === task);
      if (known === undefined && (task !== wholeTrial || split !== 'train')) throw this.unknownTask(task, split);
      for (const [metric, number] of Object.entries(ofTask)) {
        if (split !== 'train' && !known?.metrics.some(({ name }) => name === metric))
          throw unknownMetric(known, metric, split);
        if (typeof number !== 'number' || !Number.isFinite(number)) throw diverged(metric, task, epoch, number);
        if (split === 'test') this.tested.add(`${task} ${metric}`);
        points.push({ epoch, split, task, metric, value: number });
      }
    }
    if (split === 'train') points.push(...this.shares(points, epoch));
    this.points += points.length;
    if (this.points > this.limits.points) {
      const count = this.limits.points.toLocaleString('en-US');
      throw new ProgramOutputError('OUTPUT_TOO_LONG', `The program reported more than ${count} numbers`);
    }
    return { type: 'metrics', points };
  }

  /** The tasks' weights as shares of their sum, where a message tells all of them. */
  private shares(points: readonly MetricPoint[], epoch: number): MetricPoint[] {
    const weights = points.filter(({ metric }) => metric === weightingMetrics.weight);
    const sum = weights.reduce((total, point) => total + point.value, 0);
    const told = points.some(({ metric }) => metric === weightingMetrics.normalisedWeight);
    if (told || weights.length !== this.tasks.length || !(sum > 0)) return [];
    return weights.map(({ task, value: weight }) => {
      return { epoch, split: 'train', task, metric: weightingMetrics.normalisedWeight, value: weight / sum };
    });
  }

  /** A line of the log; nothing for a blank one, and for one of too many. */
  line(level: z.output<typeof logLevel>, text: string): FromTrainer | undefined {
    if (text.trim() === '') return undefined;
    this.lines += 1;
    if (this.lines < this.limits.lines) return { type: 'log', level, text };
    if (this.lines > this.limits.lines) return undefined;
    return { type: 'log', level: 'warn', text: `the program printed ${this.lines} lines; further ones are left out` };
  }

  private unknownTask(task: string, split: string): ProgramOutputError {
    const names = this.tasks.map(({ name }) => name);
    return new ProgramOutputError(
      'METRIC_UNKNOWN',
      `The program reported ${split} values of the task ${shown(task)}; this trial trains ${names.join(', ')}${question(task, names)}`,
    );
  }
}

function unknownMetric(task: KnownTask | undefined, metric: string, split: string): ProgramOutputError {
  const names = task?.metrics.map(({ name }) => name) ?? [];
  return new ProgramOutputError(
    'METRIC_UNKNOWN',
    `The program reported the ${split} metric ${shown(metric)} of ${task?.name ?? wholeTrial}; the spec declares ${names.join(', ')}${question(metric, names)}`,
  );
}

function diverged(metric: string, task: string, epoch: number, found: number | string | null): SigmasweepError {
  return new SigmasweepError(
    'TRAINING_DIVERGED',
    `In epoch ${epoch} ${metric} of task ${task} became ${String(found)}; a finite number was expected`,
    { ids: { task, epoch }, hint: 'Lower the learning rate, or the weight of this task.' },
  );
}

function question(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined ? '' : `; is ${meant} meant?`;
}

function shown(text: string): string {
  return JSON.stringify(text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text);
}

/** What a terminal would show of a line that a progress bar overwrote many times. */
function lastShown(line: string): string {
  return line.split('\r').findLast((part) => part.trim() !== '') ?? '';
}

/** Python and others write NaN and Infinity, which JSON does not have; they are told apart from garbage. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    try {
      return JSON.parse(line.replace(/(?<=[:,[]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g, '"$1"'));
    } catch {
      throw new ProgramOutputError(
        'OUTPUT_INVALID',
        `The program printed ${shown(line)}, which is not JSON: ${String(cause)}`,
      );
    }
  }
}
