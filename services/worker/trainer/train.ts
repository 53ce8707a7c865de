import { calibrationPrefix } from '../../shared/messages/calibration-points.js';
import { confusionPrefix } from '../../shared/messages/confusion-cells.js';
import { SigmasweepError } from '../../shared/errors.js';
import { trialMetrics, weightingMetrics, wholeTrial, type MetricPoint } from '../../shared/messages/reports.js';
import { cosineMetric } from '../../shared/messages/gradient-cosines.js';
import type { TrialConfig } from '../../shared/trial-config.js';
import { learningRateAt } from '../optimizers/schedule.js';
import type { FromTrainer, ResumedCheckpoint } from '../trainer-protocol.js';
import { trivialBaseline, type TrivialBaseline } from '../workloads/task-kinds/trivial-baselines.js';
import type { OpenTask, OpenWorkload } from '../workloads/workload.js';
import { captureTrial, readCheckpoint, restoreTrial } from './checkpoint/checkpoint.js';
import { CheckpointError } from './checkpoint/errors.js';
import { CheckpointSaver, type SavedAt } from './checkpoint/saver.js';
import { startFromNetwork } from './checkpoint/start-network.js';
import { TrainingDiverged } from './errors.js';
import { evaluate, evaluateTest, sampleLosses } from './evaluate.js';
import { Pace, StopRequested } from './pace.js';
import { drawPictures, pictureEpochs } from './pictures.js';
import { Progress } from './progress.js';
import { epochOrder } from './random.js';
import { trainStep } from './step.js';
import { tellSkipped } from './tell-skipped.js';
import { openTrial, type TaskKinds, type Trial } from './trial.js';

export interface TrainingContext {
  readonly workload: OpenWorkload;
  readonly kinds: TaskKinds;
  /** Name of the open backend, for the log. */
  readonly backend: string;
  /** Takes progress, metrics, log lines and pictures as they come. */
  readonly say: (message: FromTrainer) => void;
  /** Aborted when training should stop after the running step; with `abandoned` as the reason, without a checkpoint. */
  readonly signal: AbortSignal;
  /** Where checkpoints are written; none are if left out. */
  readonly checkpointFolder?: string | undefined;
  /** The checkpoint to go on from. */
  readonly resume?: ResumedCheckpoint | undefined;
  /** Checkpoint file of the network to start from, where the configuration wants one. */
  readonly network?: string | undefined;
  /** Aborted, with the error as its reason, when the device can compute no more. */
  readonly deviceFailure?: AbortSignal | undefined;
}

/** Reason of a signal that stops a training which nobody will go on with. */
export const abandoned = 'abandoned';

/**
 * Trains one trial from its first step, or from a checkpoint, to its test metrics. Apart from times, everything it says
 * follows from the configuration and the backend: resumed or not, on a backend that computes the same each time, it is
 * the same to the last bit. Leaves no tensor behind, however it ends.
 * @returns `stopped` when the signal was aborted
 * @throws TrainingDiverged, DeviceFailure, and the errors of `openTrial`
 */
export async function train(config: TrialConfig, context: TrainingContext): Promise<'succeeded' | 'stopped'> {
  const tell = (text: string): void => context.say({ type: 'log', level: 'info', text });
  const trial = openTrial(config, context.workload, context.kinds, tell);
  const training = new Training(trial, context);
  try {
    await training.run();
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof StopRequested)) throw error;
    if (context.signal.reason !== abandoned) await training.saveAtStop();
    return 'stopped';
  } finally {
    training.dispose();
    trial.dispose();
  }
}

/** A training without an error would have a likelihood without bounds. */
const leastNoise = 1e-6;

/** One run of a trial's training. */
class Training {
  private readonly progress = new Progress();
  private readonly pace: Pace;
  private readonly stepsPerEpoch: number;
  private saver: CheckpointSaver | undefined;

  constructor(
    private readonly trial: Trial,
    private readonly context: TrainingContext,
  ) {
    const { config, workload } = trial;
    this.stepsPerEpoch = Math.ceil(workload.splits.train.length / config.batchSize);
    this.pace = new Pace(config.epochs * this.stepsPerEpoch, context.say, context.signal, context.deviceFailure);
  }

  async run(): Promise<void> {
    const { trial, progress, pace } = this;
    const { config, model, workload } = trial;
    this.log(
      `${model.usedParameters()} parameters on ${this.context.backend}; ${config.epochs} epochs of ` +
        `${this.stepsPerEpoch} steps, ${workload.height}×${workload.width} px, tasks ${config.tasks.join(', ')}`,
    );
    tellSkipped(workload, this.context.say);
    await this.startFromNetwork();
    await this.resume();
    this.startSaving();
    await pace.pause();
    if (progress.epoch === 0) {
      this.epochIsOver([...(await weightPoints(trial, 0)), ...(await evaluate(trial, 'validation', 0, pace.pause))]);
    }
    const drawnEpochs = new Set(pictureEpochs(config.epochs));
    while (progress.epoch <= config.epochs) {
      const losses = await this.trainEpoch();
      const { epoch } = progress;
      // First, since it can be cut short: what stands in the state below must not have been taken from it by then.
      const validation = await evaluate(trial, 'validation', epoch, pace.pause);
      const points = [
        ...trial.tasks.map(({ name }, index) =>
          trainPoint(epoch, name, weightingMetrics.loss, losses[index] ?? Number.NaN),
        ),
        ...(await weightPoints(trial, epoch)),
        ...cosinePoints(trial, epoch),
        ...validation,
      ];
      this.epochIsOver(points);
      this.log(epochLine(epoch, points));
      if (epoch < config.epochs && drawnEpochs.has(epoch)) await this.draw(epoch);
      await this.saveIfDue();
    }
    await this.test();
    if (config.checkpoint.keep === 'final') await this.save({ ...this.position(), final: true });
    // A device that failed under the last numbers makes them worth nothing.
    await pace.pause();
  }

  /** For whoever goes on with the trial. */
  async saveAtStop(): Promise<void> {
    if (this.trial.config.checkpoint.onStop) await this.save(this.position());
  }

  dispose(): void {
    this.progress.dispose();
  }

  /** @throws SigmasweepError TRANSFER_MISSING, CheckpointError: a trial must not start from something else unnoticed */
  private async startFromNetwork(): Promise<void> {
    const { config, model } = this.trial;
    const { transfer } = config;
    if (transfer === undefined) return;
    const { network } = this.context;
    if (network === undefined) {
      throw new SigmasweepError('TRANSFER_MISSING', 'The trial starts from a network that the worker was not given', {
        hint: 'Coordinator and worker may be of different versions.',
      });
    }
    const checkpoint = await readCheckpoint(network);
    const names = startFromNetwork(model, checkpoint, transfer.load);
    const { trainBlocks } = transfer;
    const trained = trainBlocks === undefined ? '' : `; of the encoder, the last ${trainBlocks} blocks are trained`;
    this.log(
      `starts from the ${transfer.load} of ${transfer.trial ?? transfer.file ?? ''}: ${names.length} values${trained}`,
    );
  }

  private async resume(): Promise<void> {
    const { resume, say } = this.context;
    if (resume === undefined) return;
    const { file, attempt, step } = resume;
    try {
      const checkpoint = await readCheckpoint(file);
      restoreTrial(this.trial, this.progress, checkpoint);
      say({ type: 'resumed', attempt, step });
      const { backend } = checkpoint.meta;
      const elsewhere = backend === this.context.backend ? '' : `, which was written on ${backend}`;
      this.log(`goes on from step ${step}, the checkpoint of attempt ${attempt}${elsewhere}`);
      this.metrics([...this.progress.points]);
    } catch (error) {
      // After any other error the state may be half of one and half of another: the attempt fails.
      if (!(error instanceof CheckpointError)) throw error;
      const text = `the checkpoint of attempt ${attempt} at step ${step} cannot be used, training begins anew: `;
      say({ type: 'log', level: 'warn', text: `${text}${error.code}: ${error.message}` });
    }
    this.pace.step = this.position().step;
  }

  private startSaving(): void {
    const { checkpointFolder: folder, say } = this.context;
    if (folder === undefined) return;
    this.saver = new CheckpointSaver({ folder, options: this.trial.config.checkpoint, say }, this.position());
  }

  private position(): SavedAt {
    const { epoch, stepsDone } = this.progress;
    return { epoch, step: Math.max(0, epoch - 1) * this.stepsPerEpoch + stepsDone };
  }

  private async saveIfDue(): Promise<void> {
    if (this.saver?.isDue(this.position()) === true) await this.save(this.position());
  }

  private async save(at: SavedAt): Promise<void> {
    const { trial, progress, context } = this;
    await this.saver?.save(at, async () => {
      const content = await captureTrial(trial, progress, context.backend);
      // What a device that has failed gives back is not the state.
      context.deviceFailure?.throwIfAborted();
      return content;
    });
  }

  /**
   * One pass over the training samples, or what is left of it; the last batch may be smaller.
   * @returns the mean loss of each task over the samples
   */
  private async trainEpoch(): Promise<readonly number[]> {
    const { trial, progress, pace } = this;
    const { config, workload } = trial;
    const { epoch } = progress;
    const { length } = workload.splits.train;
    const order = epochOrder(length, config.seed, epoch);
    progress.startClock();
    while (progress.stepsDone < this.stepsPerEpoch) {
      const start = progress.stepsDone * config.batchSize;
      const indices = order.subarray(start, start + config.batchSize);
      const learningRate = learningRateAt(config.optimizer, pace.step, config.epochs * this.stepsPerEpoch);
      progress.add(await trainStep(trial, indices, learningRate, pace.step));
      pace.step += 1;
      await pace.pause();
      if (progress.stepsDone < this.stepsPerEpoch && this.saver?.isDue(this.position()) === true) {
        progress.stopClock();
        await this.save(this.position());
        progress.startClock();
      }
    }
    const losses = meanLosses(await progress.losses(), trial, epoch);
    progress.stopClock();
    if (!progress.closed) await this.closeEpoch(losses);
    return losses;
  }

  /** What changes between epochs; as a whole, or not at all when it is cut short. */
  private async closeEpoch(losses: readonly number[]): Promise<void> {
    const { trial, progress, pace } = this;
    const { config, model, weighting } = trial;
    const { epoch } = progress;
    if (epoch < config.epochs) {
      // It measures first and changes the network when it has: a stop comes before any change.
      const lines = await model.afterEpoch?.(epoch, (samples) => sampleLosses(trial, samples, pace.pause));
      for (const line of lines ?? []) this.log(line);
    }
    weighting.onEpoch?.({ epoch, losses });
    progress.closed = true;
  }

  private epochIsOver(points: readonly MetricPoint[]): void {
    this.metrics(points);
    this.progress.nextEpoch(points);
  }

  private async test(): Promise<void> {
    const { trial, pace, progress } = this;
    const { config, workload, model } = trial;
    const { epochs } = config;
    const test = await evaluateTest(trial, epochs, this.noises(), pace.pause);
    this.metrics(test);
    for (const task of trial.tasks) {
      this.log(testLine(task, test, trivialBaseline(workload.splits.test, task)));
    }
    this.metrics([
      trainPoint(epochs, wholeTrial, trialMetrics.parameters, model.usedParameters()),
      trainPoint(epochs, wholeTrial, trialMetrics.multiplyAdds, model.multiplyAdds(workload)),
      trainPoint(epochs, wholeTrial, 'secondsPerStep', progress.trainSeconds / (epochs * this.stepsPerEpoch)),
      trainPoint(epochs, wholeTrial, 'trainSeconds', progress.trainSeconds),
    ]);
    await this.draw(epochs);
  }

  /**
   * The noise of each task as one number, log b or log σ²: the likeliest for the last epoch's training errors, whose mean
   * it is the logarithm of.
   */
  private noises(): number[] {
    const { epochs } = this.trial.config;
    return this.trial.tasks.map(({ name }) => {
      const last = this.progress.points.find(
        ({ epoch, split, task, metric }) =>
          epoch === epochs && split === 'train' && task === name && metric === weightingMetrics.loss,
      );
      return Math.log(Math.max(last?.value ?? 1, leastNoise));
    });
  }

  private async draw(epoch: number): Promise<void> {
    for (const picture of await drawPictures(this.trial, epoch)) this.context.say(picture);
  }

  private log(text: string): void {
    this.context.say({ type: 'log', level: 'info', text });
  }

  private metrics(points: readonly MetricPoint[]): void {
    this.context.say({ type: 'metrics', points });
  }
}

/**
 * Means over the samples from the means over the batches.
 * @param rows losses of each step, in task order
 * @throws TrainingDiverged that names the first task whose loss was not finite: soon after, all of them are not
 */
function meanLosses(rows: readonly (readonly number[])[], { config, workload, tasks }: Trial, epoch: number): number[] {
  const { length } = workload.splits.train;
  const sums = tasks.map(() => 0);
  rows.forEach((row, step) => {
    const size = Math.min(config.batchSize, length - step * config.batchSize);
    row.forEach((loss, index) => {
      if (!Number.isFinite(loss)) {
        throw new TrainingDiverged('the training loss', tasks[index]?.name ?? '', epoch, loss);
      }
      sums[index] = (sums[index] ?? 0) + loss * size;
    });
  });
  return sums.map((sum) => sum / length);
}

async function weightPoints({ weighting, tasks }: Trial, epoch: number): Promise<MetricPoint[]> {
  const weights = await weighting.describe();
  return weights.flatMap((described, index) => {
    const name = tasks[index]?.name ?? '';
    return Object.entries(described).map(([metric, value]: [string, number]) => {
      if (!Number.isFinite(value)) throw new TrainingDiverged(`the weighting's ${metric}`, name, epoch, value);
      return trainPoint(epoch, name, metric, value);
    });
  });
}

/** Of the epoch that has just ended. */
function cosinePoints({ cosines, tasks }: Trial, epoch: number): MetricPoint[] {
  return cosines
    .take()
    .map(({ first, second, cosine }) =>
      trainPoint(epoch, tasks[first]?.name ?? '', cosineMetric(tasks[second]?.name ?? ''), cosine),
    );
}

function trainPoint(epoch: number, task: string, metric: string, value: number): MetricPoint {
  return { epoch, split: 'train', task, metric, value };
}

/** Of metrics that are there to be drawn. */
const drawnOnly = [confusionPrefix, calibrationPrefix];

/** The result of a task beside what it takes no network to reach, so that a result that is none is seen. */
function testLine(task: OpenTask, test: readonly MetricPoint[], trivial: TrivialBaseline): string {
  const results = test
    .filter((point) => point.task === task.name && !drawnOnly.some((prefix) => point.metric.startsWith(prefix)))
    .map(({ metric, value }) => {
      const floor = trivial.metrics[metric];
      const beside = floor === undefined ? '' : ` (${Number(floor.toPrecision(4))})`;
      return `${metric} ${Number(value.toPrecision(4))}${beside}`;
    });
  return `test: ${task.name} ${results.join(', ')}; in brackets: ${trivial.prediction}`;
}

/** For example "epoch 3: semantic loss 0.412, weight 1.2, meanIoU 0.613; depth loss …". */
function epochLine(epoch: number, points: readonly MetricPoint[]): string {
  const tasks = [...new Set(points.map(({ task }) => task))];
  const ofTask = (task: string): string =>
    points
      .filter((point) => point.task === task && point.metric !== weightingMetrics.normalisedWeight)
      .map(({ metric, value }) => `${metric} ${Number(value.toPrecision(4))}`)
      .join(', ');
  return `epoch ${epoch}: ${tasks.map((task) => `${task} ${ofTask(task)}`).join('; ')}`;
}
