import { outputOfKind } from '../../../shared/catalog/outputs.js';
import { workloads, type ShapesOptions } from '../../../shared/catalog/workloads.js';
import { firstIndexOf } from '../first-index.js';
import { openPacked, type PackedSource } from '../packed/open-packed.js';
import { splitsOf } from '../packed/splits-of.js';
import type { Split, Workload } from '../workload.js';
import { colourNames, drawPicture, planPicture, shapeNames } from './draw.js';

/** Part of the cache's key: raise it whenever any pixel or label of any picture changes. */
const generatorVersion = 1;

const classesOf: Readonly<Record<string, readonly string[]>> = { shape: shapeNames, colour: colourNames };

/** Generated pictures of one shape each: two classifications that can share an encoder, with nothing to download. */
export const shapes: Workload<ShapesOptions, 'shapes'> = {
  name: 'shapes',

  /** @throws SigmasweepError DATA_TOO_LARGE */
  async open(options, { cacheFolder }) {
    return {
      height: options.size,
      width: options.size,
      channels: 3,
      tasks: workloads.shapes.tasks.map((task) => {
        const classes = classesOf[task.name];
        if (classes === undefined) throw new RangeError(`shapes has no labels for the task ${task.name}`);
        const { form: output } = outputOfKind[task.kind];
        return { ...task, output, outputChannels: classes.length, channelNames: classes };
      }),
      ...(await splitsOf((split) => openPacked(sourceOf(options, split), cacheFolder))),
    };
  },
};

function sourceOf(options: ShapesOptions, split: Split): PackedSource {
  const { size, noise, seed } = options;
  return {
    name: `shapes-${split}`,
    identity: { generatorVersion, split, seed, noise },
    layout: {
      height: size,
      width: size,
      fields: {
        image: { codec: 'share8', channels: 3, per: 'pixel' },
        shape: { codec: 'label8', channels: 1, per: 'sample' },
        colour: { codec: 'label8', channels: 1, per: 'sample' },
      },
    },
    length: options[split],
    sample: (position) => {
      const picture = planPicture(seed, firstIndexOf[split] + position);
      return { image: drawPicture(picture, size, noise), shape: [picture.shape], colour: [picture.colour] };
    },
  };
}
