import { outputOfKind } from '../../../shared/catalog/outputs.js';
import { workloads, type StreetScenesOptions } from '../../../shared/catalog/workloads.js';
import { vectorsToCentroids } from '../centroids.js';
import { firstIndexOf } from '../first-index.js';
import type { PackedLayout, SampleValues } from '../packed/layout.js';
import { openPacked, packedFileOf, type PackedSource } from '../packed/open-packed.js';
import type { PackedDataset } from '../packed/packed-dataset.js';
import { splitsOf } from '../packed/splits-of.js';
import type { OpenTask, Split, Workload } from '../workload.js';
import { sceneClasses } from './classes.js';
import { createRenderer, type RenderedScene } from './render.js';
import { drawScene } from './scene.js';

/** Part of the cache's key: raise it whenever any pixel or label of any scene changes. */
export const generatorVersion = 1;

const headOf: Readonly<Record<string, Pick<OpenTask, 'outputChannels' | 'channelNames'>>> = {
  semantic: { outputChannels: sceneClasses.length, channelNames: sceneClasses },
  instance: { outputChannels: 2, channelNames: ['dx', 'dy'] },
  depth: { outputChannels: 1, channelNames: ['inverse depth'] },
};

/** Generated street scenes: nothing to download, and the same on every machine. */
export const streetScenes: Workload<StreetScenesOptions, 'street-scenes'> = {
  name: 'street-scenes',

  /** @throws SigmasweepError DATA_TOO_LARGE */
  async open(options, { cacheFolder }) {
    const { height, width } = options;
    const open = (split: Split): Promise<PackedDataset> => openPacked(sourceOf(options, split), cacheFolder);
    return {
      height,
      width,
      channels: 3,
      tasks: workloads['street-scenes'].tasks.map((task) => {
        const head = headOf[task.name];
        if (head === undefined) throw new RangeError(`street-scenes has no labels for the task ${task.name}`);
        return { ...task, output: outputOfKind[task.kind].form, ...head };
      }),
      ...(await splitsOf(open)),
    };
  },
};

/** Where a split is kept. */
export function cacheFileOf(options: StreetScenesOptions, split: Split, cacheFolder: string): string {
  return packedFileOf(sourceOf(options, split), cacheFolder);
}

function sourceOf(options: StreetScenesOptions, split: Split): PackedSource {
  const { height, width, seed } = options;
  let render: ReturnType<typeof createRenderer> | undefined;
  return {
    name: `street-scenes-${split}`,
    identity: { generatorVersion, split, seed },
    layout: sceneLayout(height, width),
    length: options[split],
    sample: (position) => {
      render ??= createRenderer(height, width);
      return sceneSample(render(drawScene(seed, firstIndexOf[split] + position)), width);
    },
  };
}

/** How a scene is kept. */
export function sceneLayout(height: number, width: number): PackedLayout {
  return {
    height,
    width,
    fields: {
      image: { codec: 'share8', channels: 3, per: 'pixel' },
      semantic: { codec: 'label8', channels: 1, per: 'pixel' },
      instance: { codec: 'vector', channels: 3, per: 'pixel' },
      depth: { codec: 'disparity16', channels: 1, per: 'pixel' },
    },
  };
}

/** A rendered scene as image and targets. */
export function sceneSample(scene: RenderedScene, width: number): SampleValues {
  return {
    image: Float32Array.from(scene.rgb, (value) => value / 255),
    semantic: scene.classes,
    instance: vectorsToCentroids(scene.instances, width),
    depth: scene.inverseDepth,
  };
}
