import type { FromTrainer } from '../trainer-protocol.js';
import { wholeTrial, type PictureNumbers } from '../../shared/messages/reports.js';
import { picturePng } from '../workloads/png.js';
import type { Picture, TargetArray } from '../workloads/workload.js';
import { targetOf, type Trial, type TrialTask } from './trial.js';
import { pointPrediction, predictive, type Predictive } from './uncertainty/predictive.js';

type PictureMessage = Extract<FromTrainer, { type: 'picture' }>;

/** How many validation samples are shown at the end, and on the way there: pictures are most of what a trial stores. */
const shownSamples = 4;
const earlySamples = 2;
/** Epochs whose predictions are shown, as shares of all: early ones change most. */
const shownShares = [0.1, 0.3, 0.6, 1];

/** The epochs after which pictures are drawn: the first, some between, the last. */
export function pictureEpochs(epochs: number): number[] {
  return [...new Set([1, ...shownShares.map((share) => Math.ceil(share * epochs))])].sort((a, b) => a - b);
}

/** A PNG of noise takes 3 bytes a pixel and base64 4/3 of that; a report's picture may have 700,000 characters. */
const mostPixels = 170_000;

/**
 * Input, truth, prediction, error and doubt of the first validation samples. Between the first and the last drawing input and
 * truth are left out: they stay the same.
 */
export async function drawPictures(trial: Trial, epoch: number): Promise<PictureMessage[]> {
  const { workload, tasks, config } = trial;
  const { height, width } = workload;
  // Features are no picture.
  if (height * width === 1) return [];
  const dataset = workload.splits.validation;
  const last = epoch === config.epochs;
  const whole = last || epoch === pictureEpochs(config.epochs)[0];
  const size = Math.min(last ? shownSamples : earlySamples, dataset.length);
  const samples = Array.from({ length: size }, (_, sample) => sample);
  const batch = dataset.batch(
    samples,
    tasks.map(({ name }) => name),
  );
  // Of a noise that is the same everywhere there is nothing to draw.
  const predictions = await predictive(trial, batch, { split: 'validation', start: 0, noises: [] });
  const values = predictions.map(pointPrediction);
  const message = (
    sample: number,
    task: string,
    kind: PictureMessage['kind'],
    picture: Picture,
    numbers?: PictureNumbers,
  ): PictureMessage => ({
    type: 'picture',
    epoch,
    sample,
    task,
    kind,
    png: Buffer.from(picturePng(shrink(picture, mostPixels))).toString('base64'),
    ...(numbers === undefined ? {} : { numbers }),
  });
  return samples.flatMap((sample) => [
    ...(whole
      ? [message(sample, wholeTrial, 'input', imagePicture(sampleOf(batch.images, sample, size), height, width))]
      : []),
    ...tasks.flatMap((task, index) => {
      const { name, implementation } = task;
      const target = sampleOf(targetOf(batch.targets, name), sample, size);
      const prediction = sampleOf(values[index] as Float32Array, sample, size);
      return [
        ...(whole
          ? [
              message(
                sample,
                name,
                'truth',
                implementation.drawTarget(target, height, width),
                implementation.tell?.target(target, task),
              ),
            ]
          : []),
        message(
          sample,
          name,
          'prediction',
          implementation.drawPrediction(prediction, target, height, width),
          implementation.tell?.prediction(prediction, task),
        ),
        ...(implementation.drawError === undefined
          ? []
          : [message(sample, name, 'error', implementation.drawError(prediction, target, height, width))]),
        ...spreadsOf(predictions[index] as Predictive, task, config.uncertainty?.dropout !== undefined).flatMap(
          ({ kind, spread }) => {
            const picture = implementation.drawSpread?.(sampleOf(spread, sample, size), target, height, width);
            return picture === undefined ? [] : [message(sample, name, kind, picture)];
          },
        ),
      ];
    }),
  ]);
}

/** What the network does not know is mostly less than what it is wrong by: it is drawn this many times as large. */
const epistemicScale = 4;

/** What of a prediction's doubt is worth a picture. */
function spreadsOf(
  prediction: Predictive,
  { noiseChannels }: TrialTask,
  isEpistemic: boolean,
): { readonly kind: PictureMessage['kind']; readonly spread: Float32Array }[] {
  const epistemic = (spread: Float32Array): { kind: 'epistemic'; spread: Float32Array }[] =>
    isEpistemic ? [{ kind: 'epistemic', spread: spread.map((value) => epistemicScale * value) }] : [];
  switch (prediction.family) {
    case 'none':
      return [];
    case 'classes':
      return [
        ...(noiseChannels === 0 ? [] : [{ kind: 'noise' as const, spread: prediction.of.noiseDeviations() }]),
        ...epistemic(prediction.of.mutualInformationShares()),
      ];
    case 'regression':
      return [
        ...(noiseChannels === 0 ? [] : [{ kind: 'noise' as const, spread: prediction.of.noiseDeviations() }]),
        ...epistemic(prediction.of.epistemicDeviations()),
      ];
  }
}

/** One sample's part of a batch's array. */
function sampleOf<Values extends TargetArray>(values: Values, sample: number, size: number): Values {
  const length = values.length / size;
  return values.subarray(sample * length, (sample + 1) * length) as Values;
}

/**
 * Images of fewer than three channels are shown in grey, those of more by their first three.
 * @param image height × width × channels, values 0 … 1
 */
export function imagePicture(image: Float32Array, height: number, width: number): Picture {
  const channels = image.length / (height * width);
  const rgb = Uint8Array.from({ length: 3 * height * width }, (_, index) => {
    const channel = channels < 3 ? 0 : index % 3;
    const value = image[channels * Math.floor(index / 3) + channel] as number;
    return Math.round(255 * Math.min(1, Math.max(0, value)));
  });
  return { width, height, rgb };
}

/** Keeps every n-th row and column, with the smallest n that leaves at most so many pixels. */
export function shrink(picture: Picture, pixels: number): Picture {
  const every = Math.ceil(Math.sqrt((picture.width * picture.height) / pixels));
  if (every <= 1) return picture;
  const width = Math.ceil(picture.width / every);
  const height = Math.ceil(picture.height / every);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = 3 * (y * every * picture.width + x * every);
      rgb.set(picture.rgb.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, rgb };
}
