import type { ImageFolderOptions } from '../../../shared/catalog/data-sets.js';
import { SigmasweepError } from '../../../shared/errors.js';
import type { Field } from '../packed/layout.js';
import type { OpenTask } from '../workload.js';
import { unknownTexts } from './labels.js';

interface NamedTask {
  readonly name: string;
  readonly kind: ImageFolderTask['kind'];
}
type ImageFolderTask = ImageFolderOptions['tasks'][string];

/** How the texts of one task become numbers. */
export interface TextTarget {
  readonly field: Field;
  readonly head: Pick<OpenTask, 'outputChannels' | 'channelNames' | 'scaling'>;
  readonly values: (text: string) => readonly number[];
}

/**
 * @param texts of the task, of every picture
 * @param trainTexts of those of the training split
 * @throws SigmasweepError DATA_LABELS
 */
type TargetFactory = (task: NamedTask, texts: readonly string[], trainTexts: readonly string[]) => TextTarget;

const isKnown = (text: string): boolean => !unknownTexts.includes(text);

/** Every label that occurs, in the order of their names. */
function labelsOf(task: NamedTask, texts: readonly string[], least: number): string[] {
  const labels = [...new Set(texts.filter(isKnown))].sort();
  if (labels.length >= least && labels.length <= mostLabels) return labels;
  const found =
    labels.length === 0
      ? 'no label'
      : labels.length < least
        ? `the label ${labels.join()} only`
        : `${labels.length} labels`;
  throw new SigmasweepError('DATA_LABELS', `The task ${task.name} has ${found}; ${least} to ${mostLabels} are needed`, {
    hint: 'Look at the names of the folders, or at the column of the table.',
  });
}

const mostLabels = 10_000;
/** Between the labels of a picture that has several. */
const among = '|';

/** By kind of task. */
export const textTargets: Readonly<Record<NamedTask['kind'], TargetFactory>> = {
  classification: (task, texts) => {
    const labels = labelsOf(task, texts, 2);
    const numberOf = new Map(labels.map((label, index) => [label, index]));
    return {
      field: { codec: 'label16', channels: 1, per: 'sample' },
      head: { outputChannels: labels.length, channelNames: labels },
      values: (text) => [numberOf.get(text) ?? -1],
    };
  },
  'multi-label': (task, texts) => {
    const parts = (text: string): string[] => text.split(among).map((part) => part.trim());
    const labels = labelsOf(task, texts.flatMap(parts), 1);
    return {
      field: { codec: 'label8', channels: labels.length, per: 'sample' },
      head: { outputChannels: labels.length, channelNames: labels },
      // Nothing written means none of them; only a question mark says that it is not known.
      values: (text) => {
        const there = new Set(parts(text));
        return labels.map((label) => (text === '?' ? -1 : there.has(label) ? 1 : 0));
      },
    };
  },
  regression: (task, texts, trainTexts) => {
    for (const text of texts) {
      if (!isKnown(text) || Number.isFinite(Number(text))) continue;
      throw new SigmasweepError('DATA_LABELS', `The task ${task.name} has the value ${text}; numbers are needed`, {
        hint: 'Leave the field empty, or write ?, where the value is not known.',
      });
    }
    const known = trainTexts.filter(isKnown).map(Number);
    if (known.length === 0) {
      throw new SigmasweepError('DATA_LABELS', `The task ${task.name} has no value in the training split`);
    }
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length;
    const scaling = { mean, deviation: variance === 0 ? 1 : Math.sqrt(variance) };
    return {
      field: { codec: 'real32', channels: 1, per: 'sample' },
      head: { outputChannels: 1, channelNames: [task.name], scaling },
      values: (text) => [isKnown(text) ? (Number(text) - mean) / scaling.deviation : NaN],
    };
  },
};
