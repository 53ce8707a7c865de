import type { CityscapesOptions } from '../../../shared/catalog/data-sets.js';
import { vectorsToCentroids } from '../centroids.js';
import { BrokenFile } from '../files/broken-file.js';
import type { DataFolder } from '../files/data-folder.js';
import type { FormCounter } from '../files/form-counter.js';
import { pngForm, readGreyPng, readPng } from '../files/png-file.js';
import { resizeNearest, resizePicture } from '../files/resize.js';
import { cityClassOf, labelsWithInstances } from './classes.js';

/** Files of a sample `<split>/<city>/<name>`, by what is in them. */
export const cityFiles = {
  image: (sample: string) => `leftImg8bit/${sample}_leftImg8bit.png`,
  semantic: (sample: string) => `gtFine/${sample}_gtFine_labelIds.png`,
  instance: (sample: string) => `gtFine/${sample}_gtFine_instanceIds.png`,
  depth: (sample: string) => `disparity/${sample}_disparity.png`,
} as const;
export type CityFile = keyof typeof cityFiles;

/** What the files of a target are called. */
const cityFileKinds = { semantic: 'labelIds', instance: 'instanceIds', depth: 'disparity' } as const;

type Size = readonly [height: number, width: number];

interface Decoded {
  readonly values: ArrayLike<number>;
  readonly size: Size;
}

/** Numbers of a batch from what a file holds. */
const targetOf: Readonly<
  Record<
    Exclude<CityFile, 'image'>,
    { depth: 8 | 16; values: (decoded: Decoded, options: CityscapesOptions) => ArrayLike<number> }
  >
> = {
  semantic: {
    depth: 8,
    values: ({ values, size }, { classes, height, width }) => {
      const classOf = cityClassOf(classes);
      return Int32Array.from(resizeNearest(values, size, [height, width]), (id) => classOf[id] ?? -1);
    },
  },
  instance: {
    depth: 16,
    values: ({ values, size }, { height, width }) => {
      const ids = resizeNearest(values, size, [height, width]);
      const instances = ids.map((id) => (labelsWithInstances.has(Math.floor(id / 1000)) ? id : 0));
      // After resizing, so that vectors end at the middle of what is seen at this size.
      return vectorsToCentroids(instances, width);
    },
  },
  depth: {
    depth: 16,
    values: ({ values, size }, { height, width }) => {
      // A disparity is a distance within the picture: it shrinks with the picture.
      const scale = width / size[1];
      return Float32Array.from(resizeNearest(values, size, [height, width]), (stored) =>
        stored === 0 ? 0 : (scale * (stored - 1)) / 256,
      );
    },
  },
};

export interface CitySet {
  readonly data: DataFolder;
  readonly tasks: readonly Exclude<CityFile, 'image'>[];
  readonly options: CityscapesOptions;
  readonly forms: FormCounter;
}

/**
 * Reads one sample and brings it to the size of the options: the picture by the mean over areas, everything else by the
 * nearest pixel.
 * @throws BrokenFile
 */
export async function readCitySample(
  { data, tasks, options, forms }: CitySet,
  sample: string,
): Promise<Record<string, ArrayLike<number>>> {
  const file = cityFiles.image(sample);
  const picture = readPng(await data.read(file), file);
  forms.count('leftImg8bit', pngForm(picture));
  if (picture.palette !== undefined || picture.depth !== 8 || picture.channels < 3) {
    const found = picture.palette === undefined ? `${picture.channels} channels of ${picture.depth} bits` : 'a palette';
    throw new BrokenFile('FORMAT', file, `has ${found}; three of 8 bits are expected (red, green, blue)`);
  }
  const size: Size = [picture.height, picture.width];
  const rgb = withoutAlpha(picture.data, picture.channels);
  const values: Record<string, ArrayLike<number>> = {
    image: resizePicture(rgb, size, [options.height, options.width], 3).map(
      // As any program keeps a resized picture of 8 bits.
      (value) => Math.round(value) / 255,
    ),
  };
  for (const task of tasks) {
    const { depth, values: valuesOf } = targetOf[task];
    const name = cityFiles[task](sample);
    const png = readGreyPng(await data.read(name), name, depth);
    forms.count(cityFileKinds[task], pngForm(png));
    if (png.height !== size[0] || png.width !== size[1]) {
      const found = `${png.height} × ${png.width}`;
      throw new BrokenFile('SHAPE', name, `is ${found}; its picture is ${size.join(' × ')}`);
    }
    values[task] = valuesOf({ values: png.data, size }, options);
  }
  return values;
}

function withoutAlpha(values: ArrayLike<number>, channels: number): ArrayLike<number> {
  if (channels === 3) return values;
  const rgb = new Uint8Array((values.length / channels) * 3);
  for (let index = 0; index < rgb.length; index += 1) {
    rgb[index] = values[Math.floor(index / 3) * channels + (index % 3)] as number;
  }
  return rgb;
}
