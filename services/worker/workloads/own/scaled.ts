import { readFile, rename, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { packedFileOf, type PackedSource } from '../packed/open-packed.js';
import type { Batch, Dataset, OpenTask, TargetArray } from '../workload.js';

type Scalings = Readonly<Record<string, NonNullable<OpenTask['scaling']>>>;

const keptScalings = z.record(z.string(), z.object({ mean: z.number(), deviation: z.number().positive() }));
const samplesAtOnce = 256;

/**
 * Mean and standard deviation of regression targets over the training split; read from the cache where they were found
 * before, since all of the split has to be read for them.
 */
export async function scalingsOf(
  train: Dataset,
  tasks: readonly string[],
  source: PackedSource,
  cacheFolder: string,
): Promise<Scalings> {
  if (tasks.length === 0) return {};
  const file = `${packedFileOf(source, cacheFolder)}.scaling.json`;
  const known = await readFile(file, 'utf8').then(
    (text) => keptScalings.safeParse(JSON.parse(text)).data,
    () => undefined,
  );
  if (known !== undefined && tasks.every((task) => Object.hasOwn(known, task))) return known;
  const found = measured(train, tasks);
  const temporary = `${file}.${randomUUID()}.tmp`;
  // Without a cache that can be written it is found again next time.
  await writeFile(temporary, JSON.stringify(found))
    .then(() => rename(temporary, file))
    .catch(() => undefined);
  return found;
}

function measured(train: Dataset, tasks: readonly string[]): Scalings {
  const values = Object.fromEntries(tasks.map((task) => [task, [] as number[]]));
  for (let start = 0; start < train.length; start += samplesAtOnce) {
    const size = Math.min(samplesAtOnce, train.length - start);
    const { targets } = train.batch(
      Array.from({ length: size }, (_, index) => start + index),
      tasks,
    );
    for (const task of tasks)
      values[task]?.push(...Array.from(targets[task] ?? []).filter((value) => !Number.isNaN(value)));
  }
  return Object.fromEntries(
    tasks.map((task) => {
      const known = values[task] ?? [];
      const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
      const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
      return [task, { mean, deviation: variance === 0 ? 1 : Math.sqrt(variance) }];
    }),
  );
}

/** A data set whose regression targets come in standard deviations from their mean. */
export class ScaledDataset implements Dataset {
  constructor(
    private readonly kept: Dataset,
    private readonly scalings: Scalings,
  ) {}

  get length(): number {
    return this.kept.length;
  }

  batch(indices: ArrayLike<number>, tasks: readonly string[]): Batch {
    const batch = this.kept.batch(indices, tasks);
    const targets: Record<string, TargetArray> = { ...batch.targets };
    for (const task of tasks) {
      const scaling = this.scalings[task];
      const values = batch.targets[task];
      if (scaling === undefined || values === undefined) continue;
      // In double precision, from which the workload's own metrics get back the very number that its sample said.
      targets[task] = Float64Array.from(values, (value) => (value - scaling.mean) / scaling.deviation);
    }
    return { ...batch, targets };
  }
}
