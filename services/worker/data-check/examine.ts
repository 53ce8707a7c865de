import { setImmediate } from 'node:timers/promises';
import type { DataReport, PartReport, SplitReport } from '../../shared/data-report.js';
import { splits, type Batch, type OpenWorkload, type Split, type TargetArray } from '../workloads/workload.js';
import { notesOf } from './notes.js';
import { RangeSurvey, surveyOf, type Survey } from './survey.js';

/** Samples looked at at once. */
const batchSize = 8;
/** Of an input of more channels than this, all are looked at as one. */
const mostChannels = 16;

/**
 * Reads all of a data set and says what is in it.
 * @param about name of the workload, and the folder that it reads
 */
export async function examine(
  workload: OpenWorkload,
  about: Pick<DataReport, 'workload' | 'folder'>,
): Promise<DataReport> {
  const { height, width, channels } = workload;
  const reports = {} as Record<Split, SplitReport>;
  for (const split of splits) reports[split] = await examineSplit(workload, split);
  return { ...about, height, width, channels, splits: reports, notes: notesOf(reports) };
}

interface Part {
  readonly name: string;
  readonly kind: PartReport['kind'];
  readonly survey: Survey;
  valuesOf(batch: Batch): TargetArray;
}

async function examineSplit(workload: OpenWorkload, split: Split): Promise<SplitReport> {
  const dataset = workload.splits[split];
  const parts = partsOf(workload);
  const shapes = new Map<Part, { dtype: PartReport['dtype']; shape: number[] }>();
  const tasks = workload.tasks.map(({ name }) => name);
  for (let start = 0; start < dataset.length; start += batchSize) {
    const size = Math.min(batchSize, dataset.length - start);
    const batch = dataset.batch(
      Array.from({ length: size }, (_, index) => start + index),
      tasks,
    );
    for (const part of parts) {
      const values = part.valuesOf(batch);
      part.survey.add(values, size);
      if (!shapes.has(part)) shapes.set(part, formOf(values, size, workload));
    }
    await setImmediate();
  }
  const { count, broken } = workload.skipped?.[split] ?? { count: 0, broken: [] };
  return {
    samples: dataset.length,
    leftOut: count,
    broken: broken.map(({ hint, ...record }) => ({ ...record, ...(hint === undefined ? {} : { hint }) })),
    forms: workload.forms?.[split] ?? {},
    parts: parts.map((part) => ({
      name: part.name,
      kind: part.kind,
      ...(shapes.get(part) ?? { dtype: 'float32', shape: [] }),
      ...part.survey.result(),
    })),
  };
}

function partsOf({ channels, tasks }: OpenWorkload): Part[] {
  const names = channels === 3 ? ['red', 'green', 'blue'] : Array.from({ length: channels }, (_, at) => String(at));
  const asOne = channels > mostChannels || channels === 1;
  const image = asOne
    ? new RangeSurvey([{ name: 'values', unit: '' }], 1, () => true)
    : new RangeSurvey(
        names.map((name) => ({ name, unit: '' })),
        channels,
        () => true,
      );
  return [
    { name: 'image', kind: 'image', survey: image, valuesOf: ({ images }) => images },
    ...tasks.map((task) => ({
      name: task.name,
      kind: task.kind,
      survey: surveyOf[task.kind](task),
      valuesOf: ({ targets }: Batch) => targets[task.name] ?? new Float32Array(),
    })),
  ];
}

/** A sample's shape: by pixel where there are as many numbers as that takes, otherwise one row. */
function formOf(values: TargetArray, size: number, { height, width }: OpenWorkload) {
  const numbers = values.length / size;
  const each = numbers / (height * width);
  const byPixel = height * width > 1 && Number.isInteger(each);
  const shape = byPixel ? [height, width, ...(each === 1 ? [] : [each])] : [numbers];
  return { dtype: values instanceof Int32Array ? 'int32' : 'float32', shape } as const;
}
