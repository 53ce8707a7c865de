import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson } from '../../../shared/canonical-json.js';
import { trialConfig, type TrialConfig } from '../../../shared/trial-config.js';
import { softwareVersion } from '../../../shared/version.js';
import type { Progress } from '../progress.js';
import type { Trial } from '../trial.js';
import { CheckpointError } from './errors.js';
import { decodeCheckpoint, type CheckpointContent } from './format.js';
import { pointNames, pointsFromBlocks, pointsToBlocks } from './point-blocks.js';
import { blocksOf, restoreBlocks } from './state-blocks.js';

const lossRows = 'progress/losses';

const metaSchema = z.object({
  version: z.literal(1),
  config: trialConfig,
  backend: z.string(),
  softwareVersion: z.string(),
  progress: z.object({
    epoch: z.int().min(0),
    closed: z.boolean(),
    trainSeconds: z.number().min(0),
  }),
  pointNames,
});
export type CheckpointMeta = z.infer<typeof metaSchema>;

/** A checkpoint that was read, with its parts told apart. */
export interface TrialCheckpoint {
  readonly meta: CheckpointMeta;
  /** See `restoreNetwork` for the way to start another trial from its network. */
  readonly blocks: CheckpointContent['blocks'];
}

/** Everything that training needs to go on from here. Between two steps only. */
export async function captureTrial(trial: Trial, progress: Progress, backend: string): Promise<CheckpointContent> {
  const rows = await progress.losses();
  const { epoch, closed, trainSeconds } = progress;
  const points = pointsToBlocks(progress.points);
  const meta: CheckpointMeta = {
    version: 1,
    config: trial.config,
    backend,
    softwareVersion,
    progress: { epoch, closed, trainSeconds },
    pointNames: points.names,
  };
  const blocks = await blocksOf(trial.state);
  blocks.set(lossRows, { shape: [rows.length, trial.tasks.length], values: Float32Array.from(rows.flat()) });
  for (const [name, block] of points.blocks) blocks.set(name, block);
  return { meta, blocks };
}

/**
 * Reads a checkpoint file of this or of another trial.
 * @throws CheckpointError, also when the file cannot be read
 */
export async function readCheckpoint(file: string): Promise<TrialCheckpoint> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CheckpointError('CHECKPOINT_TORN', `The checkpoint cannot be read: ${String(error)}`);
  });
  const { meta, blocks } = decodeCheckpoint(bytes);
  const parsed = metaSchema.safeParse(meta);
  if (parsed.success) return { meta: parsed.data, blocks };
  throw new CheckpointError(
    'CHECKPOINT_VERSION',
    `The checkpoint is not of this version: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')}`,
    'Train with the version that wrote it.',
  );
}

/**
 * Makes trial and progress what they were when the checkpoint was taken.
 * @throws CheckpointError CHECKPOINT_MISMATCH when it is of a trial that trains otherwise; nothing is changed then
 */
export function restoreTrial(trial: Trial, progress: Progress, { meta, blocks }: TrialCheckpoint): void {
  const other = differences(meta.config, trial.config);
  if (other.length > 0) {
    throw new CheckpointError(
      'CHECKPOINT_MISMATCH',
      `The checkpoint is of a training with another ${other.join(', ')}`,
      'Only the same training can be gone on with; a new one can start from its network.',
    );
  }
  // Everything is read before anything is changed.
  const rows = lossesFrom(blocks, trial.tasks.length);
  const points = pointsFromBlocks(meta.pointNames, blocks);
  restoreBlocks(trial.state, blocks);
  progress.restore({ ...meta.progress, points }, rows);
}

/** @returns losses by step and task, numbers of `tasks` each */
function lossesFrom(blocks: TrialCheckpoint['blocks'], tasks: number): number[][] {
  const block = blocks.get(lossRows);
  const [steps, columns] = block?.shape ?? [];
  if (block === undefined || steps === undefined || columns !== tasks) {
    throw new CheckpointError('CHECKPOINT_MISMATCH', `The checkpoint holds no losses of ${tasks} tasks`);
  }
  const values = Array.from(block.values);
  return Array.from({ length: steps }, (_, step) => values.slice(step * tasks, (step + 1) * tasks));
}

/** What may differ: it changes no number of the training. */
const immaterial: readonly string[] = ['checkpoint', 'limits'] satisfies (keyof TrialConfig)[];

/** Names of the fields that make it another training. */
function differences(a: TrialConfig, b: TrialConfig): string[] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  const text = (config: TrialConfig, field: string): string =>
    canonicalJson((config as Readonly<Record<string, unknown>>)[field] ?? null);
  return [...fields].filter((field) => !immaterial.includes(field) && text(a, field) !== text(b, field));
}
