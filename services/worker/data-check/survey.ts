import type { TaskKind } from '../../shared/catalog/metrics.js';
import type { ClassShare, NumberRange, PartReport } from '../../shared/data-report.js';
import type { OpenTask, TargetArray } from '../workloads/workload.js';

/** What a survey has found. */
export type Surveyed = Pick<PartReport, 'counted' | 'samplesWithout' | 'ranges' | 'classes'>;

/** Adds up what the numbers of one part of a split are. */
export interface Survey {
  /** @param values of so many samples, one after the other */
  add(values: TargetArray, size: number): void;
  result(): Surveyed;
}

interface Channel {
  readonly name: string;
  readonly unit: string;
}

/** Ranges of the channels of numbers, pixel by pixel or sample by sample. */
export class RangeSurvey implements Survey {
  private readonly least: Float64Array;
  private readonly most: Float64Array;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;
  private positions = 0;
  private counted = 0;
  private samplesWithout = 0;

  /**
   * @param channels the first so many numbers of each position
   * @param numbers of each position
   * @param counts whether the position that begins at `at` counts
   */
  constructor(
    private readonly channels: readonly Channel[],
    private readonly numbers: number,
    private readonly counts: (values: TargetArray, at: number) => boolean,
    private readonly scaling: { readonly mean: number; readonly deviation: number } = { mean: 0, deviation: 1 },
  ) {
    this.least = new Float64Array(channels.length).fill(Infinity);
    this.most = new Float64Array(channels.length).fill(-Infinity);
    this.sums = new Float64Array(channels.length);
    this.squares = new Float64Array(channels.length);
  }

  add(values: TargetArray, size: number): void {
    const each = values.length / size;
    for (let sample = 0; sample < size; sample += 1) {
      const before = this.counted;
      for (let at = sample * each; at < (sample + 1) * each; at += this.numbers) {
        if (this.counts(values, at)) this.addPosition(values, at);
      }
      if (this.counted === before) this.samplesWithout += 1;
    }
    this.positions += values.length / this.numbers;
  }

  private addPosition(values: TargetArray, at: number): void {
    const { mean, deviation } = this.scaling;
    this.counted += 1;
    for (let channel = 0; channel < this.channels.length; channel += 1) {
      const value = mean + deviation * (values[at + channel] as number);
      if (value < (this.least[channel] as number)) this.least[channel] = value;
      if (value > (this.most[channel] as number)) this.most[channel] = value;
      this.sums[channel] = (this.sums[channel] as number) + value;
      this.squares[channel] = (this.squares[channel] as number) + value * value;
    }
  }

  result(): Surveyed {
    const { counted, positions, samplesWithout } = this;
    const ranges = this.channels.map(({ name, unit }, channel): NumberRange => {
      const mean = (this.sums[channel] as number) / counted;
      const variance = (this.squares[channel] as number) / counted - mean * mean;
      const [least, most] = [this.least[channel] as number, this.most[channel] as number];
      return { name, unit, least, most, mean, deviation: Math.sqrt(Math.max(0, variance)) };
    });
    return { counted: shareOf(counted, positions), samplesWithout, ranges: counted === 0 ? [] : ranges, classes: [] };
  }
}

/** How often each class occurs; negative numbers are ignored. */
class ClassSurvey implements Survey {
  private readonly counts: Float64Array;
  private readonly samples: Float64Array;
  private readonly lastSample: Float64Array;
  private seen = 0;
  private positions = 0;
  private samplesWithout = 0;

  constructor(private readonly names: readonly string[]) {
    this.counts = new Float64Array(names.length);
    this.samples = new Float64Array(names.length);
    this.lastSample = new Float64Array(names.length).fill(-1);
  }

  add(values: TargetArray, size: number): void {
    const each = values.length / size;
    for (let sample = 0; sample < size; sample += 1) {
      let counts = false;
      for (let at = sample * each; at < (sample + 1) * each; at += 1) {
        const label = values[at] as number;
        if (label < 0) continue;
        counts = true;
        this.counts[label] = (this.counts[label] as number) + 1;
        if (this.lastSample[label] === this.seen) continue;
        this.lastSample[label] = this.seen;
        this.samples[label] = (this.samples[label] as number) + 1;
      }
      if (!counts) this.samplesWithout += 1;
      this.seen += 1;
    }
    this.positions += values.length;
  }

  result(): Surveyed {
    const counted = this.counts.reduce((sum, count) => sum + count, 0);
    const classes = this.names.map((name, label): ClassShare => ({
      name,
      share: shareOf(this.counts[label] as number, counted),
      samples: this.samples[label] as number,
    }));
    return { counted: shareOf(counted, this.positions), samplesWithout: this.samplesWithout, ranges: [], classes };
  }
}

/** How many samples have each of several labels; samples of which they are not known hold −1. */
class LabelSurvey implements Survey {
  private readonly having: Float64Array;
  private samples = 0;
  private unknown = 0;

  constructor(private readonly names: readonly string[]) {
    this.having = new Float64Array(names.length);
  }

  add(values: TargetArray, size: number): void {
    const labels = this.names.length;
    this.samples += size;
    for (let sample = 0; sample < size; sample += 1) {
      if ((values[sample * labels] as number) < 0) {
        this.unknown += 1;
        continue;
      }
      for (let label = 0; label < labels; label += 1) {
        this.having[label] = (this.having[label] as number) + (values[sample * labels + label] as number);
      }
    }
  }

  result(): Surveyed {
    const { samples, unknown } = this;
    const classes = this.names.map((name, label): ClassShare => {
      const having = this.having[label] as number;
      return { name, share: shareOf(having, samples - unknown), samples: having };
    });
    return { counted: shareOf(samples - unknown, samples), samplesWithout: unknown, ranges: [], classes };
  }
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

const depthSurvey =
  (unit: string) =>
  ({ label }: OpenTask): Survey =>
    new RangeSurvey([{ name: label, unit }], 1, (values, at) => (values[at] as number) > 0);

const axes = (names: readonly string[], unit: string): Channel[] => names.map((name) => ({ name, unit }));

/** What is looked for in the targets of each kind; their layout is the kind's (services/worker/workloads/task-kinds). */
export const surveyOf: Readonly<Record<TaskKind, (task: OpenTask) => Survey>> = {
  segmentation: ({ channelNames }) => new ClassSurvey(channelNames),
  classification: ({ channelNames }) => new ClassSurvey(channelNames),
  'multi-label': ({ channelNames }) => new LabelSurvey(channelNames),
  depth: depthSurvey('px'),
  'metric-depth': depthSurvey('m'),
  'inverse-depth': depthSurvey(''),
  normals: () =>
    new RangeSurvey(
      axes(['x', 'y', 'z'], ''),
      3,
      (values, at) => values[at] !== 0 || values[at + 1] !== 0 || values[at + 2] !== 0,
    ),
  'instance-vectors': () => new RangeSurvey(axes(['dx', 'dy'], 'px'), 3, (values, at) => values[at + 2] !== 0),
  regression: ({ label, scaling }) =>
    new RangeSurvey([{ name: label, unit: '' }], 1, (values, at) => !Number.isNaN(values[at]), scaling),
};
