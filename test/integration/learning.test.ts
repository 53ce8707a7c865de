import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streetScenesOptions } from '../../services/shared/catalog/workloads.js';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import { trialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { train } from '../../services/worker/trainer/train.js';
import { taskKindImplementations, workloadImplementations } from '../../services/worker/workloads/registry.js';
import { trivialBaselines } from '../../services/worker/workloads/task-kinds/trivial-baselines.js';
import type { OpenWorkload } from '../../services/worker/workloads/workload.js';
import { everything } from '../helpers/tiers.js';

const data = streetScenesOptions.parse({ train: 96, validation: 8, test: 40 });
const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-learning-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let workload: OpenWorkload;
beforeAll(async () => {
  workload = await workloadImplementations['street-scenes'].open(data, { cacheFolder: folder });
});

describe('training on street scenes', () => {
  it.runIf(everything)('beats what it takes no network to reach, by far, in every task', async () => {
    const { backend } = await openBackend('wasm');
    const points: MetricPoint[] = [];
    const config = trialConfig.parse({
      version: 1,
      workload: 'street-scenes',
      data,
      tasks: ['semantic', 'instance', 'depth'],
      weighting: { method: 'uncertainty', learningRateMultiplier: 10 },
      model: { name: 'hard-sharing' },
      optimizer: { name: 'adam', learningRate: 0.004 },
      epochs: 4,
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

    const beside = (name: string, metric: string) => {
      const task = workload.tasks.find((one) => one.name === name);
      const found = points.find((point) => point.split === 'test' && point.task === name && point.metric === metric);
      if (task === undefined || found === undefined) throw new Error(`no test metric ${metric} of ${name}`);
      const trivial = trivialBaselines[task.kind](workload.splits.test, task);
      const floor = trivial.metrics[metric] ?? Number.NaN;
      console.log(`${name} ${metric}: ${found.value.toFixed(4)}; ${trivial.prediction}: ${floor.toFixed(4)}`);
      return { value: found.value, floor };
    };
    const iou = beside('semantic', 'meanIoU');
    expect(iou.value).toBeGreaterThan(4 * iou.floor);
    const accuracy = beside('semantic', 'pixelAccuracy');
    expect(accuracy.value).toBeGreaterThan(1.5 * accuracy.floor);
    const depth = beside('depth', 'meanError');
    expect(depth.value).toBeLessThan(0.7 * depth.floor);
    const instance = beside('instance', 'meanError');
    expect(instance.value).toBeLessThan(0.95 * instance.floor);
  });
});
