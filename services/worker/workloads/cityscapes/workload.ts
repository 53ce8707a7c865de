import type { CityscapesOptions } from '../../../shared/catalog/data-sets.js';
import { outputOfKind } from '../../../shared/catalog/outputs.js';
import { workloads } from '../../../shared/catalog/workloads.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { DataFolder } from '../files/data-folder.js';
import { FormCounter } from '../files/form-counter.js';
import { threeSplits } from '../files/split-files.js';
import type { Field, PackedLayout } from '../packed/layout.js';
import { openPacked } from '../packed/open-packed.js';
import { splitsOf } from '../packed/splits-of.js';
import type { OpenTask, Workload } from '../workload.js';
import { cityClassNames } from './classes.js';
import { cityFiles, readCitySample, type CityFile } from './sample.js';

/** Part of the cache's key: raise it whenever a file gives other numbers than before. */
const loaderVersion = 1;

type CityTask = Exclude<CityFile, 'image'>;

interface CityTarget {
  readonly field: Field;
  /** Beginning of its files' paths. */
  readonly folder: string;
  readonly head: (options: CityscapesOptions) => Pick<OpenTask, 'outputChannels' | 'channelNames'>;
}

const targets: Readonly<Record<CityTask, CityTarget>> = {
  semantic: {
    field: { codec: 'label8', channels: 1, per: 'pixel' },
    folder: 'gtFine',
    head: ({ classes }) => ({ outputChannels: classes, channelNames: cityClassNames(classes) }),
  },
  instance: {
    field: { codec: 'vector', channels: 3, per: 'pixel' },
    folder: 'gtFine',
    head: () => ({ outputChannels: 2, channelNames: ['dx', 'dy'] }),
  },
  depth: {
    field: { codec: 'real32', channels: 1, per: 'pixel' },
    folder: 'disparity',
    head: () => ({ outputChannels: 1, channelNames: ['inverse depth'] }),
  },
};

/** Cityscapes as downloaded. Its own test split has no labels that are given away, so its val split is our test split. */
export const cityscapes: Workload<CityscapesOptions, 'cityscapes'> = {
  name: 'cityscapes',

  /** @throws SigmasweepError as of `DataFolder.open` and `openPacked`, DATA_EMPTY; BrokenFile where those are not skipped */
  async open(options, { dataFolder, cacheFolder }) {
    const data = await DataFolder.open(dataFolder, options.folder);
    const tasks: CityTask[] = [];
    for (const task of Object.keys(targets) as CityTask[]) {
      if (await data.has(`${targets[task].folder}/train`)) tasks.push(task);
    }
    if (tasks.length === 0) {
      throw new SigmasweepError(
        'DATA_EMPTY',
        `The data set ${data.name} has neither gtFine/train nor disparity/train`,
        {
          hint: 'Unpack leftImg8bit_trainvaltest.zip with gtFine_trainvaltest.zip or disparity_trainvaltest.zip there.',
        },
      );
    }
    const splits = threeSplits(
      { train: await listSamples(data, 'train', tasks), validation: await listSamples(data, 'val', tasks), test: [] },
      options,
      options.folder,
    );
    const { height, width, classes } = options;
    const layout: PackedLayout = {
      height,
      width,
      fields: {
        image: { codec: 'share8', channels: 3, per: 'pixel' },
        ...Object.fromEntries(tasks.map((task) => [task, targets[task].field])),
      },
    };
    return {
      height,
      width,
      channels: 3,
      tasks: workloads.cityscapes.tasks
        .filter(({ name }) => tasks.includes(name))
        .map((info) => ({ ...info, output: outputOfKind[info.kind].form, ...targets[info.name].head(options) })),
      ...(await splitsOf(async (split) => {
        const samples = splits[split];
        const files = samples.flatMap((sample) => [
          cityFiles.image(sample),
          ...tasks.map((task) => cityFiles[task](sample)),
        ]);
        const forms = new FormCounter();
        return openPacked(
          {
            name: `cityscapes-${split}`,
            identity: { loaderVersion, folder: options.folder, classes, files: await data.fingerprint(files) },
            layout,
            length: samples.length,
            skipsBroken: options.broken === 'skip',
            forms,
            sample: (position) => readCitySample({ data, tasks, options, forms }, samples[position] as string),
          },
          cacheFolder,
        );
      })),
    };
  },
};

/** `<split>/<city>/<name>` of every sample that any of the folders knows: what one folder lacks is a missing file. */
async function listSamples(data: DataFolder, split: string, tasks: readonly CityTask[]): Promise<string[]> {
  const samples = new Set<string>();
  for (const part of ['image', ...tasks] as const) {
    const [folder, ending] = cityFiles[part]('/').split('//') as [string, string];
    for (const file of await data.list(`${folder}/${split}`, (path) => path.endsWith(ending))) {
      samples.add(file.slice(folder.length + 1, -ending.length));
    }
  }
  return [...samples];
}
