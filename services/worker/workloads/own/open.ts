import type { z } from 'zod';
import { outputOfKind } from '../../../shared/catalog/outputs.js';
import type { OwnOptions } from '../../../shared/catalog/own-workloads.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { DataFolder } from '../files/data-folder.js';
import type { PackedLayout, SampleValues } from '../packed/layout.js';
import { openPacked, type PackedSource } from '../packed/open-packed.js';
import { splitsOf } from '../packed/splits-of.js';
import { splits, type OpenTask, type OpenWorkload, type Split, type WorkloadFolders } from '../workload.js';
import { BrokenSample } from './broken-sample.js';
import type { Definition, InputForm, Machine, Sample, Samples, Tasks } from './define.js';
import type { LoadedWorkload } from './load.js';
import { ownMetricsOf } from './own-metrics.js';
import { ScaledDataset, scalingsOf } from './scaled.js';
import { ownTargetOf, type OwnTarget } from './targets.js';

/** Part of the cache's key: raise it whenever a sample is kept in another way than before. */
const loaderVersion = 1;

interface NamedTask {
  readonly name: string;
  readonly declaration: Tasks[string];
  readonly target: OwnTarget;
}

/**
 * Opens a workload that the worker brought along.
 * @throws SigmasweepError DATA_INVALID, DATA_EMPTY, WORKLOAD_INVALID, those of `DataFolder.open` and `openPacked`, what the
 *   workload itself throws, and BrokenFile where broken samples are not skipped
 */
export async function openOwnWorkload(
  { definition, entry }: LoadedWorkload,
  { options: given, broken }: OwnOptions,
  { dataFolder, cacheFolder }: WorkloadFolders,
): Promise<OpenWorkload> {
  const folders: DataFolder[] = [];
  const machine: Machine = {
    folder: async (name) => {
      const folder = await DataFolder.open(dataFolder, name);
      folders.push(folder);
      return { list: (under = '') => folder.list(under, () => true), read: (file) => folder.read(file) };
    },
  };
  const options = optionsOf(definition, given);
  const data = await definition.data(options, machine);
  const size = sizeOf(data.input, definition);
  const tasks = Object.entries(definition.tasks).map(([name, declaration]): NamedTask => {
    return { name, declaration, target: ownTargetOf(name, declaration, size) };
  });
  const layout: PackedLayout = {
    height: size.height,
    width: size.width,
    fields: {
      image: { codec: size.bytes ? 'share8' : 'real32', channels: size.channels, per: 'pixel' },
      ...Object.fromEntries(tasks.map(({ name, target }) => [name, target.field])),
    },
  };
  const files: string[] = [];
  for (const folder of folders) files.push(await folder.fingerprint(await folder.list('', () => true)));
  const sourceOf = (split: Split): PackedSource => {
    const samples = data.splits[split];
    return {
      name: `${entry.name}-${split}`,
      identity: { loaderVersion, version: entry.version, name: entry.name, split, options, files },
      layout,
      length: lengthOf(samples, split, entry.name),
      skipsBroken: broken === 'skip',
      sample: async (position) => {
        const name = `${split} sample ${position}`;
        return keptSample(await sampleAt(samples, position), name, size, tasks);
      },
    };
  };
  const opened = await splitsOf((split) => openPacked(sourceOf(split), cacheFolder));
  const scaled = tasks.filter(({ declaration }) => declaration.kind === 'regression').map(({ name }) => name);
  const scalings = await scalingsOf(opened.splits.train, scaled, sourceOf('train'), cacheFolder);
  return {
    height: size.height,
    width: size.width,
    channels: size.channels,
    tasks: tasks.map((task) => openTask(task, definition, scalings[task.name])),
    ...opened,
    splits: {
      train: new ScaledDataset(opened.splits.train, scalings),
      validation: new ScaledDataset(opened.splits.validation, scalings),
      test: new ScaledDataset(opened.splits.test, scalings),
    },
  };
}

function openTask(
  { name, declaration, target }: NamedTask,
  { metrics }: Definition<Tasks, z.ZodObject>,
  scaling: OpenTask['scaling'],
): OpenTask {
  const declared = metrics?.[name];
  return {
    name,
    kind: declaration.kind,
    label: declaration.label ?? name,
    output: outputOfKind[declaration.kind].form,
    ...target.head,
    ...(scaling === undefined ? {} : { scaling }),
    ...(declared === undefined ? {} : { ownMetrics: () => ownMetricsOf(declared, target, scaling) }),
  };
}

function optionsOf({ name, options }: Definition<Tasks, z.ZodObject>, given: unknown): Record<string, unknown> {
  if (options === undefined) return {};
  const parsed = options.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `data.options.${path.join('.')}: ${message}`);
  throw new SigmasweepError('DATA_INVALID', `The options of ${name} have faults: ${faults.join('; ')}`);
}

interface InputSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bytes: boolean;
}

function sizeOf(input: InputForm, { name, tasks }: Definition<Tasks, z.ZodObject>): InputSize {
  const size =
    'features' in input
      ? { height: 1, width: 1, channels: input.features, bytes: false }
      : { height: input.height, width: input.width, channels: input.channels, bytes: input.numbers === 'bytes' };
  const wrong = [size.height, size.width, size.channels].find((one) => !Number.isInteger(one) || one < 1);
  if (wrong !== undefined) {
    throw new SigmasweepError(
      'WORKLOAD_INVALID',
      `The input of ${name} has the size ${String(wrong)}; whole numbers from 1 on are needed`,
    );
  }
  const map = Object.entries(tasks).find(([, { kind }]) => outputOfKind[kind].form === 'map');
  if ('features' in input && map !== undefined) {
    throw new SigmasweepError(
      'WORKLOAD_INVALID',
      `The input of ${name} is features, which have no pixels; its task ${map[0]} predicts ${map[1].kind} for each pixel`,
    );
  }
  return size;
}

function isList(samples: Samples<Tasks>): samples is readonly Sample<Tasks>[] {
  return Array.isArray(samples);
}

/** The workload comes from elsewhere: a split that is not there must be said and not crash. */
function lengthOf(samples: Samples<Tasks> | undefined, split: Split, name: string): number {
  const length = samples?.length ?? 0;
  if (Number.isInteger(length) && length > 0) return length;
  throw new SigmasweepError('DATA_EMPTY', `The workload ${name} has no samples for the ${split} split`, {
    hint: `Its data() must give samples for ${splits.join(', ')}.`,
  });
}

async function sampleAt(samples: Samples<Tasks>, position: number): Promise<Sample<Tasks>> {
  return isList(samples) ? (samples[position] as Sample<Tasks>) : samples.sample(position);
}

/** @throws BrokenSample */
function keptSample(
  { input, targets }: Sample<Tasks>,
  name: string,
  { height, width, channels, bytes }: InputSize,
  tasks: readonly NamedTask[],
): SampleValues {
  const length = height * width * channels;
  if (input.length !== length) {
    throw new BrokenSample(
      name,
      `has ${input.length} numbers of input; ${height} × ${width} × ${channels} are expected`,
    );
  }
  const image = new Float32Array(length);
  for (let index = 0; index < length; index += 1) {
    const value = input[index] as number;
    if (!Number.isFinite(value) || (bytes && (value < 0 || value > 255))) {
      const wanted = bytes ? 'bytes are 0 … 255' : 'every number must be finite';
      throw new BrokenSample(name, `has ${String(value)} at position ${index} of its input; ${wanted}`);
    }
    image[index] = bytes ? value / 255 : value;
  }
  return {
    image,
    ...Object.fromEntries(tasks.map((task) => [task.name, task.target.kept(targets[task.name], name)])),
  };
}
