import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import { modelNames, models } from '../../services/shared/catalog/models.js';
import { weightingNames } from '../../services/shared/catalog/weightings.js';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { train } from '../../services/worker/trainer/train.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import type { OpenWorkload } from '../../services/worker/workloads/workload.js';

const data = streetScenesOptions.parse({ train: 12, validation: 2, test: 2, height: 16, width: 32 });
const tasks = ['semantic', 'instance', 'depth'];
const epochs = 3;
const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-weightings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let workload: OpenWorkload;
let backend: string;
beforeAll(async () => {
  workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder });
  ({ backend } = await openBackend('wasm'));
});

const hardSharing = { name: 'hard-sharing', encoder: [8, 8, 8, 8], head: 8 };

async function run(weighting: Record<string, unknown>, model: object = hardSharing): Promise<MetricPoint[]> {
  const points: MetricPoint[] = [];
  const config = trialConfig.parse({
    version: 1,
    workload: 'street-scenes',
    data,
    tasks,
    weighting,
    model,
    optimizer: { name: 'adam', learningRate: 0.01 },
    epochs,
    batchSize: 4,
    seed: 1,
    limits: { parameters: 5_000_000, stallSeconds: 300 },
  });
  const end = await train(config, {
    workload,
    kinds: taskKindImplementations,
    backend,
    say: (message) => {
      if (message.type === 'metrics') points.push(...message.points);
    },
    signal: new AbortController().signal,
  });
  expect(end).toBe('succeeded');
  return points.filter(({ metric }) => !metric.endsWith('Seconds') && !metric.endsWith('PerStep'));
}

describe('street scenes of 16×32 px', () => {
  it.each(weightingNames)('are learned under %s, which reports its weights, and again the same', async (method) => {
    const weighting = method === 'fixed' ? { method, weights: { semantic: 1, instance: 1, depth: 1 } } : { method };
    const points = await run(weighting);
    const values = (metric: string, task: string): number[] =>
      points
        .filter((point) => point.split === 'train' && point.metric === metric && point.task === task)
        .map(({ value }) => value);
    for (const task of tasks) {
      for (const metric of ['weight', 'normalisedWeight']) {
        expect(values(metric, task)).toHaveLength(epochs + 1);
        expect(values(metric, task).every(Number.isFinite)).toBe(true);
      }
    }
    const shares = tasks.map((task) => values('normalisedWeight', task).at(-1) ?? Number.NaN);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 4);
    // It trains: of the three losses at least two fall, and classes are learned in any case.
    const fell = tasks.filter((task) => (values('loss', task).at(-1) ?? NaN) < (values('loss', task)[0] ?? NaN));
    expect(fell.length).toBeGreaterThanOrEqual(2);
    expect(await run(weighting)).toEqual(points);
  });
});

describe('each architecture', () => {
  const encoder = { name: 'resnet', channels: [8, 8, 12], units: 2 };

  it.each(modelNames)(
    'learns street scenes as %s, under losses and under gradients, and again the same',
    async (name) => {
      const model = { name, encoder, head: 8 };
      const points = await run({ method: 'equal' }, model);
      expect(await run({ method: 'equal' }, model)).toEqual(points);
      const lossesOf = (some: readonly MetricPoint[]): number[] =>
        some.filter(({ metric, task }) => metric === 'loss' && task === 'semantic').map(({ value }) => value);
      const losses = lossesOf(points);
      expect(losses).toHaveLength(epochs);
      expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
      for (const metric of ['parameters', 'multiplyAdds']) {
        expect(points.find((point) => point.metric === metric)?.value, metric).toBeGreaterThan(0);
      }
      if (models[name].gradients.length === 0) return;
      const underGradients = lossesOf(await run({ method: 'pcgrad' }, model));
      expect(underGradients.at(-1)).toBeLessThan(underGradients[0] ?? 0);
    },
  );
});
