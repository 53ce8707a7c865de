import type { ImageFolderOptions } from '../../../shared/catalog/data-sets.js';
import { outputOfKind } from '../../../shared/catalog/outputs.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { DataFolder } from '../files/data-folder.js';
import { FormCounter } from '../files/form-counter.js';
import { holdOut } from '../files/hold-out.js';
import { readPicture } from '../files/picture-file.js';
import type { RgbPicture } from '../files/rgb-picture.js';
import { resizePicture } from '../files/resize.js';
import type { PackedLayout } from '../packed/layout.js';
import { openPacked } from '../packed/open-packed.js';
import { splitsOf } from '../packed/splits-of.js';
import type { Split, Workload } from '../workload.js';
import { labelledPictures, type LabelledPicture } from './labels.js';
import { textTargets, type TextTarget } from './targets.js';

/** Part of the cache's key: raise it whenever a file gives other numbers than before. */
const loaderVersion = 1;

/** Pictures with several labels each, from the names of their folders or from a table. */
export const imageFolder: Workload<ImageFolderOptions, 'image-folder'> = {
  name: 'image-folder',

  /**
   * @throws SigmasweepError as of `DataFolder.open`, `labelledPictures`, `textTargets` and `openPacked`, DATA_EMPTY;
   *   BrokenFile where those are not skipped
   */
  async open(options, { dataFolder, cacheFolder }) {
    const data = await DataFolder.open(dataFolder, options.folder);
    const splits = splitPictures(await labelledPictures(data, options), options);
    const all = [...splits.train, ...splits.validation, ...splits.test];
    const tasks = Object.entries(options.tasks).map(([name, { kind, label = name }]) => ({ name, kind, label }));
    const targets = tasks.map((task, index): TextTarget => {
      const texts = (pictures: readonly LabelledPicture[]): string[] => pictures.map((one) => one.texts[index] ?? '');
      return textTargets[task.kind](task, texts(all), texts(splits.train));
    });
    const { height, width, fit } = options;
    const layout: PackedLayout = {
      height,
      width,
      fields: {
        image: { codec: 'share8', channels: 3, per: 'pixel' },
        ...Object.fromEntries(tasks.map(({ name }, index) => [name, (targets[index] as TextTarget).field])),
      },
    };
    return {
      height,
      width,
      channels: 3,
      tasks: tasks.map((info, index) => {
        return { ...info, output: outputOfKind[info.kind].form, ...(targets[index] as TextTarget).head };
      }),
      ...(await splitsOf(async (split) => {
        const pictures = splits[split];
        const files = await data.fingerprint(pictures.map(({ file }) => file));
        const heads = targets.map(({ head }) => head);
        const forms = new FormCounter();
        return openPacked(
          {
            name: `image-folder-${split}`,
            identity: {
              loaderVersion,
              folder: options.folder,
              fit,
              files,
              heads,
              texts: pictures.map(({ texts }) => texts),
            },
            layout,
            length: pictures.length,
            skipsBroken: options.broken === 'skip',
            forms,
            sample: async (position) => {
              const { file, texts } = pictures[position] as LabelledPicture;
              const decoded = readPicture(await data.read(file), file);
              forms.count('pictures', `${decoded.height} × ${decoded.width}`);
              const picture = fitted(decoded, options);
              return {
                image: picture,
                ...Object.fromEntries(
                  tasks.map(({ name }, index) => [name, (targets[index] as TextTarget).values(texts[index] ?? '')]),
                ),
              };
            },
          },
          cacheFolder,
        );
      })),
    };
  },
};

/** @throws SigmasweepError DATA_EMPTY */
function splitPictures(
  pictures: readonly LabelledPicture[],
  { testShare, validationShare, splitSeed, folder }: ImageFolderOptions,
): Record<Split, LabelledPicture[]> {
  const chosen = (split: Split): string[] => pictures.filter((one) => one.split === split).map(({ file }) => file);
  const open = pictures.filter(({ split }) => split === undefined).map(({ file }) => file);
  const rest = [...chosen('train'), ...open];
  // What the data set says of its own splits is kept; only what it lacks is held out of the training split.
  const test =
    chosen('test').length > 0 ? { kept: rest, heldOut: chosen('test') } : holdOut(rest, testShare, splitSeed);
  const validation =
    chosen('validation').length > 0
      ? { kept: test.kept, heldOut: chosen('validation') }
      : holdOut(test.kept, validationShare, splitSeed + 1);
  const byFile = new Map(pictures.map((picture) => [picture.file, picture]));
  const named = (files: readonly string[]): LabelledPicture[] => files.flatMap((file) => byFile.get(file) ?? []);
  const splits = { train: named(validation.kept), validation: named(validation.heldOut), test: named(test.heldOut) };
  for (const [split, found] of Object.entries(splits)) {
    if (found.length > 0) continue;
    throw new SigmasweepError('DATA_EMPTY', `The data set ${folder} has no picture for the ${split} split`, {
      hint: `It has ${pictures.length} pictures (.png, .jpg). docs/data.md shows which folders and names are looked for.`,
    });
  }
  return splits;
}

/** height × width × 3, values 0 … 1, of 8 bits. */
function fitted({ rgb, height, width }: RgbPicture, options: ImageFolderOptions): Float32Array {
  const to = [options.height, options.width] as const;
  const cut = options.fit === 'crop' ? cropOf(height, width, to) : { top: 0, left: 0, height, width };
  const part = new Uint8Array(3 * cut.height * cut.width);
  for (let row = 0; row < cut.height; row += 1) {
    const from = 3 * ((cut.top + row) * width + cut.left);
    part.set(rgb.subarray(from, from + 3 * cut.width), 3 * row * cut.width);
  }
  return resizePicture(part, [cut.height, cut.width], to, 3).map((value) => Math.round(value) / 255);
}

/** The largest part in the middle that has the shape wanted. */
function cropOf(height: number, width: number, [toHeight, toWidth]: readonly [number, number]) {
  const scale = Math.min(height / toHeight, width / toWidth);
  const cut = { height: Math.max(1, Math.round(scale * toHeight)), width: Math.max(1, Math.round(scale * toWidth)) };
  return { ...cut, top: Math.floor((height - cut.height) / 2), left: Math.floor((width - cut.width) / 2) };
}
