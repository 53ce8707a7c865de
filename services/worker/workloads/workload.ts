import type * as tf from '@tensorflow/tfjs-core';
import type { TaskKind } from '../../shared/catalog/metrics.js';
import type { PictureNumbers } from '../../shared/messages/reports.js';
import type { OutputForm } from '../../shared/catalog/outputs.js';
import type { BuiltInWorkloadName, TaskInfo } from '../../shared/catalog/workloads.js';

export type Split = 'train' | 'validation' | 'test';
export const splits: readonly Split[] = ['train', 'validation', 'test'];

/** A target of a batch: one contiguous array, sample after sample, row-major, channels last. */
export type TargetArray = Float32Array | Float64Array | Int32Array;

/** Samples of one batch, copied side by side. */
export interface Batch {
  readonly size: number;
  /** size × height × width × the workload's channels, values 0 … 1. */
  readonly images: Float32Array;
  /** By task name; layout is the task kind's. */
  readonly targets: Readonly<Record<string, TargetArray>>;
}

/** One split of a data set, read in any order. */
export interface Dataset {
  readonly length: number;
  /**
   * Copies the named samples into a new batch.
   * @param indices positions 0 … length − 1, in the order wanted
   * @param tasks names of the targets wanted; others are not copied
   */
  batch(indices: ArrayLike<number>, tasks: readonly string[]): Batch;
}

/** A head's raw output: [size, height, width, channels] of a map, [size, channels] of a vector. */
export type HeadOutput = tf.Tensor4D | tf.Tensor2D;

/** A task with everything its head needs to be built. */
export interface OpenTask extends TaskInfo {
  readonly output: OutputForm;
  /** Channels of the head's output: classes, 2 vector components, 1 depth. */
  readonly outputChannels: number;
  /** Of a regression: what an output of 0 and a step of 1 mean in the targets' own unit; 0 and 1 if left out. */
  readonly scaling?: { readonly mean: number; readonly deviation: number };
  /** Names of the output channels where they have a meaning (class names). */
  readonly channelNames: readonly string[];
  /** What is measured beside the metrics of its kind. */
  readonly ownMetrics?: () => Pick<MetricAccumulator, 'update' | 'result'>;
}

/** A file that cannot be used, or a sample of a workload that has no files. */
export interface BrokenRecord {
  /** DATA_FILE_… */
  readonly code: string;
  /** Path under the data set's folder. */
  readonly file: string;
  /** What is wrong with it; begins with the file. */
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Samples that are left out because their files are broken. */
export interface SkippedSamples {
  readonly count: number;
  /** What is wrong with each of them, or with the first of very many. */
  readonly broken: readonly BrokenRecord[];
}

/** What the files of each part of a data set hold, such as "float32 288 × 384 × 3", and how many of them. */
export type FileForms = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A workload opened for training: its data is there and its shapes are known. */
export interface OpenWorkload {
  readonly height: number;
  readonly width: number;
  /** Of its images: 1 for grey, 3 for red, green and blue; with others, pictures show the first three. */
  readonly channels: number;
  readonly tasks: readonly OpenTask[];
  readonly splits: Readonly<Record<Split, Dataset>>;
  /** What was left out of each split; nothing where this is left out. */
  readonly skipped?: Readonly<Record<Split, SkippedSamples>>;
  /** What the files hold that were read for each split; nothing where there are none. */
  readonly forms?: Readonly<Record<Split, FileForms>>;
  /** Gives files back; the splits cannot be read afterwards. */
  close?(): void;
}

/** Folders of this machine that workloads may use. */
export interface WorkloadFolders {
  /** Where decoded data may be kept between trials and shared by processes. */
  readonly cacheFolder: string;
  /** The data root: the folder of data sets that this machine's person has put there; undefined where none was named. */
  readonly dataFolder?: string | undefined;
}

/** The worker's side of a workload; its options are validated by the catalog before they come here. */
export interface Workload<Options, Name extends BuiltInWorkloadName = BuiltInWorkloadName> {
  readonly name: Name;
  /** Loads or generates the data. */
  open(options: Options, folders: WorkloadFolders): Promise<OpenWorkload>;
}

/** An RGB picture, 8 bits a channel, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Adds up one metric over a whole split; exact over the set, not a mean over batches. */
export interface MetricAccumulator {
  /**
   * @param predictions size × height × width × outputChannels of a map, size × outputChannels of a vector; raw head output
   * @param targets the batch's target array of this task
   */
  update(predictions: Float32Array, targets: TargetArray, size: number): void;
  /** Metric values by name (unscaled: shares as 0 … 1). Quantities without a single valid pixel are left out. */
  result(): Record<string, number>;
  /** Of a classification: counts by true class, then by predicted class, row by row. */
  confusion?(): Float64Array;
}

export type RegressionError = 'absolute' | 'squared';

/** What is between predictions and targets of a batch, in the head's units. */
export interface Residuals {
  /** Prediction less target where it counts, 0 elsewhere; [..., channels]. */
  readonly differences: tf.Tensor;
  /** 1 where the target counts, 0 elsewhere; [..., 1]. */
  readonly valid: tf.Tensor;
}

/** A regression whose errors have a likelihood: Laplace for absolute errors, Gaussian for squared ones. */
export interface RegressionDistribution {
  readonly family: 'regression';
  /** Differentiable with respect to the predictions. */
  residuals(predictions: HeadOutput, targets: tf.Tensor): Residuals;
  /** What of the task's own unit an output of 1 stands for. */
  unitOf(task: OpenTask, width: number): number;
  /** Of a batch's target array, in the head's units: one number for each of the head's, NaN where none counts. */
  truths(targets: TargetArray, task: OpenTask, width: number): Float64Array;
}

/** Class probabilities: the softmax of the head's output at each pixel or image. */
export interface ClassDistribution {
  readonly family: 'classes';
  /** The true class at each pixel or image; negative where it does not count. */
  labels(targets: TargetArray): ArrayLike<number>;
}

/** Loss, metrics and drawing of one kind of task. */
export interface TaskKindImplementation {
  readonly kind: TaskKind;
  /** Whether `loss` is a classification likelihood or a regression error: uncertainty weighting treats them differently. */
  readonly likelihood: 'classification' | 'regression';
  /** What a prediction says of its own doubt; left out for kinds that say nothing. */
  readonly distribution?: RegressionDistribution | ClassDistribution;
  /**
   * Mean loss of a batch, a scalar tensor, differentiable with respect to `predictions`.
   * A batch without a valid pixel has loss 0.
   * @param predictions raw head output; a kind is given one form only and may say so in its own signature
   * @param targets tensor made by `targetTensor`
   * @param error what a regression loss is the mean of: |e| (the default) or e², for Gaussian likelihoods; metrics stay
   *   the same, and classification losses don't look at it
   */
  loss(predictions: HeadOutput, targets: tf.Tensor, error?: RegressionError): tf.Scalar;
  /** The tensor `loss` wants, from a batch's target array. */
  targetTensor(targets: TargetArray, size: number, height: number, width: number): tf.Tensor;
  accumulator(task: OpenTask, height: number, width: number): MetricAccumulator;
  /** Draws one sample's target, in the image's size; pixels that are not valid are drawn in a neutral tone. */
  drawTarget(target: TargetArray, height: number, width: number): Picture;
  /** Draws one sample's prediction in the colours of `drawTarget`; `target` gives the mask and the range. */
  drawPrediction(prediction: Float32Array, target: TargetArray, height: number, width: number): Picture;
  /** Says one sample's target and prediction in numbers; for kinds of a whole sample. Undefined where nothing is known. */
  tell?: {
    target(target: TargetArray, task: OpenTask): PictureNumbers | undefined;
    prediction(prediction: Float32Array, task: OpenTask): PictureNumbers | undefined;
  };
  /** Draws where one sample's prediction is wrong, and by how much; not there for kinds that predict no map. */
  drawError?(prediction: Float32Array, target: TargetArray, height: number, width: number): Picture;
  /**
   * Draws one sample's doubt in the colours of `drawError`, and at its scale.
   * @param spread of a regression a standard deviation for each number of the prediction, in the head's units; of classes
   *   0 none … 1 all there can be, one for each pixel
   */
  drawSpread?(spread: Float32Array, target: TargetArray, height: number, width: number): Picture;
}
