import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { tasksOf } from '../../services/shared/catalog/workloads.js';
import { cityPngs, cityScene, npy, nyuScene, putArrays, putCityScene } from '../helpers/data-sets.js';
import { until } from '../helpers/deadline.js';
import { FakeCoordinator } from '../helpers/fake-coordinator.js';
import { startNats, type TestServer } from '../helpers/servers.js';
import { WorkerRig } from '../helpers/worker-rig.js';

/** Of the made-up sets: so many pictures to train on, and to test on. */
const [trainCount, testCount] = [6, 3];
const [height, width] = [16, 32];

/** Each data set as people have it, with one file of its training split that ends too early. */
const sets = {
  nyuv2: {
    spec: { tasks: ['semantic', 'depth', 'normals'] },
    broken: 'train/depth/2.npy',
    write: (folder: string, split: string, index: number) =>
      putArrays(folder, split, index, nyuScene(index, height, width)),
    folder: 'nyuv2',
  },
  'cityscapes-arrays': {
    spec: { tasks: ['semantic', 'instance', 'depth'] },
    broken: 'train/label/2.npy',
    write: (folder: string, split: string, index: number) => {
      const { rgb, labelIds, instanceIds, disparity } = cityScene(index, height, width);
      putArrays(folder, split, index, {
        image: npy(
          [height, width, 3],
          Float32Array.from(rgb, (value) => value / 255),
        ),
        label: npy(
          [height, width],
          Int32Array.from(labelIds, (id) => (id % 8) - 1),
        ),
        instance: npy(
          [height, width],
          Int32Array.from(instanceIds, (id) => (id >= 26_000 ? id : 0)),
        ),
        depth: npy(
          [height, width, 1],
          Float32Array.from(disparity, (stored) => stored / 30_000),
        ),
      });
    },
    folder: 'cityscapes',
  },
  cityscapes: {
    // Twice as large as what is trained on.
    spec: { tasks: ['semantic', 'instance', 'depth'], data: { height, width } },
    broken: 'disparity/train/ulm/ulm_000002_000019_disparity.png',
    write: (folder: string, split: string, index: number) =>
      putCityScene(folder, `${split}/ulm/ulm_00000${index}_000019`, cityPngs(cityScene(index, 2 * height, 2 * width))),
    folder: 'cityscapes-raw',
  },
} as const;

describe.each(Object.keys(sets) as (keyof typeof sets)[])('a spec that names %s', (workload) => {
  const { spec, broken, write, folder } = sets[workload];
  const root = mkdtempSync(join(tmpdir(), 'sigmasweep-sets-'));
  let nats: TestServer;
  let coordinator: FakeCoordinator;
  let worker: WorkerRig;

  beforeAll(async () => {
    for (let index = 0; index < trainCount + testCount; index += 1) {
      write(join(root, 'data', folder), index < trainCount ? 'train' : 'val', index);
    }
    truncateSync(join(root, 'data', folder, broken), 120);
    nats = await startNats();
    coordinator = await FakeCoordinator.start(nats.url);
    worker = WorkerRig.start(nats.url, join(root, 'cache'), { SIGMASWEEP_DATA: join(root, 'data') });
  });
  afterAll(async () => {
    await worker.end();
    await coordinator.stop();
    await nats.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('is trained by a worker to test metrics of each task, without the sample of a broken file', async () => {
    const parsed = parseSweepSpec(
      {
        name: 'from files',
        workload,
        weightings: [{ method: 'uncertainty' }],
        grid: { points: [Object.fromEntries(spec.tasks.map((task) => [task, 1]))] },
        baselines: false,
        seeds: [1],
        model: { name: 'hard-sharing', encoder: [4, 6], head: 4 },
        epochs: 2,
        batchSize: 2,
        ...spec,
        data: {
          validationShare: 0,
          augment: { flip: 0.5, scale: 1.5, colour: 0.2 },
          ...('data' in spec ? spec.data : {}),
        },
      },
      { quick: false },
    );
    const trial = planSweep(parsed).trials.find(({ config }) => config.weighting.method === 'uncertainty');
    if (trial === undefined) throw new Error('the sweep has no trial with a learned weighting');
    await worker.ready();
    coordinator.plan('trial-files', trial.config);
    await coordinator.ring('trial-files');
    await until(() => coordinator.endOf('trial-files') !== undefined, { deadlineMs: 60_000, what: 'its end' });
    const items = coordinator.itemsOf('trial-files');
    const lines = items.flatMap((item) => (item.type === 'log' ? item.lines : []));
    expect(coordinator.endOf('trial-files'), lines.map(({ text }) => text).join('\n')).toEqual({ type: 'succeeded' });

    const points = items.flatMap((item): readonly MetricPoint[] => (item.type === 'metrics' ? item.points : []));
    for (const { name, metrics } of tasksOf({ workload })) {
      const found = points.filter(({ split, task, epoch }) => split === 'test' && task === name && epoch === 2);
      expect(found.map(({ metric }) => metric)).toEqual(expect.arrayContaining(metrics.map((metric) => metric.name)));
    }
    expect(points).toContainEqual({ epoch: 0, split: 'train', task: 'trial', metric: 'skippedTrain', value: 1 });
    const warnings = lines.filter(({ level }) => level === 'warn').map(({ text }) => text);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^1 of 6 samples of the train split are left out: /);
    expect(warnings[0]).toContain(`${broken} is truncated`);
  });
});
