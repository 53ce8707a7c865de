import type { CityscapesArraysOptions, Nyuv2Options } from '../../../shared/catalog/data-sets.js';
import { outputOfKind } from '../../../shared/catalog/outputs.js';
import { workloads, type TaskInfo } from '../../../shared/catalog/workloads.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { BrokenFile } from '../files/broken-file.js';
import { DataFolder } from '../files/data-folder.js';
import { FormCounter } from '../files/form-counter.js';
import { formOf, readNpy } from '../files/npy.js';
import { threeSplits } from '../files/split-files.js';
import { openPacked } from '../packed/open-packed.js';
import type { Field, PackedLayout } from '../packed/layout.js';
import { splitsOf } from '../packed/splits-of.js';
import type { OpenTask, OpenWorkload, Split, Workload, WorkloadFolders } from '../workload.js';
import {
  depthValues,
  directionValues,
  instanceValues,
  labelValues,
  pictureValues,
  pixelsOf,
  type Pixels,
} from './array-sample.js';

/** Part of the cache's key: raise it whenever a file gives other numbers than before. */
const loaderVersion = 1;

/** How the target of a task comes out of its array. */
interface ArrayTarget {
  /** Its folder; the option `labelFolder` says that of labels. */
  readonly folder?: string;
  /** Channels that its array may have. */
  readonly channels: readonly number[];
  readonly field: Field;
  readonly head: (classes: number) => Pick<OpenTask, 'outputChannels' | 'channelNames'>;
  readonly values: (pixels: Pixels, classes: number, file: string) => ArrayLike<number>;
}

const distance = {
  folder: 'depth',
  channels: [1],
  field: { codec: 'real32', channels: 1, per: 'pixel' },
  head: () => ({ outputChannels: 1, channelNames: ['depth'] }),
  values: depthValues,
} as const satisfies ArrayTarget;

/** By kind of task. */
const targets: Readonly<Partial<Record<TaskInfo['kind'], ArrayTarget>>> = {
  segmentation: {
    channels: [1],
    field: { codec: 'label16', channels: 1, per: 'pixel' },
    head: (classes) => ({
      outputChannels: classes,
      channelNames: Array.from({ length: classes }, (_, label) => `class ${label}`),
    }),
    values: labelValues,
  },
  'metric-depth': distance,
  'inverse-depth': distance,
  normals: {
    folder: 'normal',
    channels: [3],
    field: { codec: 'direction16', channels: 3, per: 'pixel' },
    head: () => ({ outputChannels: 3, channelNames: ['x', 'y', 'z'] }),
    values: directionValues,
  },
  'instance-vectors': {
    folder: 'instance',
    channels: [1],
    field: { codec: 'vector', channels: 3, per: 'pixel' },
    head: () => ({ outputChannels: 2, channelNames: ['dx', 'dy'] }),
    values: (pixels, _classes, file) => instanceValues(pixels, file),
  },
};

type ArrayOptions = Nyuv2Options | CityscapesArraysOptions;

interface ArrayTask {
  readonly info: TaskInfo;
  readonly target: ArrayTarget;
  readonly folder: string;
}

/** Channels of a picture. */
const pictureChannels = [3, 1];

/** The folders of each split in which `image/N.npy` and the others are. */
const splitFolders: Readonly<Record<Split, string>> = { train: 'train', validation: 'val', test: 'test' };

/**
 * Opens `train|val/{image,label,…}/N.npy`, one array a file.
 * @throws SigmasweepError DATA_ROOT_MISSING, DATA_FOLDER_MISSING, DATA_FOLDER_OUTSIDE, DATA_EMPTY, DATA_TOO_LARGE, and
 *   BrokenFile where broken files are not skipped
 */
async function openArrays(
  name: 'nyuv2' | 'cityscapes-arrays',
  options: ArrayOptions,
  { dataFolder, cacheFolder }: WorkloadFolders,
): Promise<OpenWorkload> {
  const data = await DataFolder.open(dataFolder, options.folder);
  const tasks = await tasksIn(data, workloads[name].tasks, options);
  const samplesOf = (split: Split): Promise<string[]> => listSamples(data, splitFolders[split], tasks);
  const splits = threeSplits(
    { train: await samplesOf('train'), validation: await samplesOf('validation'), test: await samplesOf('test') },
    options,
    options.folder,
  );
  const { height, width, channels, isFloat } = await usualPicture(data, splits.train);
  const layout: PackedLayout = {
    height,
    width,
    fields: {
      image: { codec: isFloat ? 'share16' : 'share8', channels, per: 'pixel' },
      ...Object.fromEntries(tasks.map(({ info, target }) => [info.name, target.field])),
    },
  };
  const identity = { loaderVersion, folder: options.folder, classes: options.classes };
  return {
    height,
    width,
    channels,
    tasks: tasks.map(({ info, target }) => {
      return { ...info, output: outputOfKind[info.kind].form, ...target.head(options.classes) };
    }),
    ...(await splitsOf(async (split) => {
      const samples = splits[split];
      const files = samples.flatMap((sample) => filesOf(sample, tasks));
      const forms = new FormCounter();
      return openPacked(
        {
          name: `${name}-${split}`,
          identity: { ...identity, files: await data.fingerprint(files) },
          layout,
          length: samples.length,
          skipsBroken: options.broken === 'skip',
          forms,
          sample: async (position) =>
            readSample({ data, tasks, layout, classes: options.classes, forms }, samples[position] as string),
        },
        cacheFolder,
      );
    })),
  };
}

/** The tasks whose folders are there: who has no normals can still train the others. */
async function tasksIn(data: DataFolder, known: readonly TaskInfo[], options: ArrayOptions): Promise<ArrayTask[]> {
  const found: ArrayTask[] = [];
  for (const info of known) {
    const target = targets[info.kind];
    if (target === undefined) throw new RangeError(`no array gives the target of the task ${info.name}`);
    const folder = target.folder ?? options.labelFolder;
    if (await data.has(`${splitFolders.train}/${folder}`)) found.push({ info, target, folder });
  }
  if (found.length > 0) return found;
  throw new SigmasweepError(
    'DATA_EMPTY',
    `The data set ${data.name} has no targets: no folder train/${options.labelFolder}, train/depth …`,
    {
      hint: 'docs/data.md shows which folders and names are looked for.',
    },
  );
}

/** `<split folder>/N` of every sample that any of its folders knows: what one folder lacks is a missing file. */
async function listSamples(data: DataFolder, folder: string, tasks: readonly ArrayTask[]): Promise<string[]> {
  const names = new Set<string>();
  const order: string[] = [];
  for (const part of ['image', ...tasks.map((task) => task.folder)]) {
    for (const file of await data.list(`${folder}/${part}`, (path) => path.endsWith('.npy'))) {
      const sample = `${folder}/${file.slice(`${folder}/${part}/`.length, -'.npy'.length)}`;
      if (names.has(sample)) continue;
      names.add(sample);
      order.push(sample);
    }
  }
  return order;
}

function fileOf(sample: string, folder: string): string {
  const cut = sample.indexOf('/');
  return `${sample.slice(0, cut)}/${folder}${sample.slice(cut)}.npy`;
}

function filesOf(sample: string, tasks: readonly ArrayTask[]): string[] {
  return ['image', ...tasks.map((task) => task.folder)].map((folder) => fileOf(sample, folder));
}

/** So many pictures are asked what size a set has: one that is broken must not decide it. */
const askedPictures = 9;

/** The form that most of the first pictures have; of equally many, the earlier one's. All pictures must have it. */
async function usualPicture(data: DataFolder, samples: readonly string[]): Promise<Omit<Pixels, 'values'>> {
  const found = new Map<string, { readonly picture: Omit<Pixels, 'values'>; count: number }>();
  let failure: unknown;
  let read = 0;
  for (const sample of samples) {
    if (read === askedPictures) break;
    const file = fileOf(sample, 'image');
    try {
      const { height, width, channels, isFloat } = pixelsOf(
        readNpy(await data.read(file), file),
        pictureChannels,
        file,
      );
      const key = [height, width, channels, isFloat].join();
      const same = found.get(key) ?? { picture: { height, width, channels, isFloat }, count: 0 };
      same.count += 1;
      found.set(key, same);
      read += 1;
    } catch (error) {
      if (!(error instanceof BrokenFile)) throw error;
      failure ??= error;
    }
  }
  const [usual] = [...found.values()].sort((one, other) => other.count - one.count);
  if (usual === undefined) throw failure;
  return usual.picture;
}

interface ArraySet {
  readonly data: DataFolder;
  readonly tasks: readonly ArrayTask[];
  readonly layout: PackedLayout;
  readonly classes: number;
  readonly forms: FormCounter;
}

async function readSample(
  { data, tasks, layout, classes, forms }: ArraySet,
  sample: string,
): Promise<Record<string, ArrayLike<number>>> {
  const { height, width, fields } = layout;
  const read = async (folder: string, channels: readonly number[]): Promise<{ pixels: Pixels; file: string }> => {
    const file = fileOf(sample, folder);
    const array = readNpy(await data.read(file), file);
    forms.count(folder, formOf(array));
    const pixels = pixelsOf(array, channels, file);
    if (pixels.height !== height || pixels.width !== width) {
      const found = `${pixels.height} × ${pixels.width}`;
      throw new BrokenFile('SHAPE', file, `is ${found}; the pictures of this set are ${height} × ${width}`);
    }
    return { pixels, file };
  };
  const image = await read('image', [fields['image']?.channels ?? 3]);
  const values: Record<string, ArrayLike<number>> = { image: pictureValues(image.pixels, image.file) };
  for (const { info, target, folder } of tasks) {
    const { pixels, file } = await read(folder, target.channels);
    values[info.name] = target.values(pixels, classes, file);
  }
  return values;
}

export const nyuv2: Workload<Nyuv2Options, 'nyuv2'> = {
  name: 'nyuv2',
  open: (options, folders) => openArrays('nyuv2', options, folders),
};

export const cityscapesArrays: Workload<CityscapesArraysOptions, 'cityscapes-arrays'> = {
  name: 'cityscapes-arrays',
  open: (options, folders) => openArrays('cityscapes-arrays', options, folders),
};
