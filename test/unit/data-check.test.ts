import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderData } from '../../services/cli/data/render-data.js';
import { dataReport } from '../../services/shared/data-report.js';
import { surveyOf } from '../../services/worker/data-check/survey.js';
import type { OpenTask } from '../../services/worker/workloads/workload.js';
import { cliSandbox } from '../helpers/cli.js';
import { npy, nyuScene, put, putArrays } from '../helpers/data-sets.js';

function task(kind: OpenTask['kind'], changes: Partial<OpenTask> = {}): OpenTask {
  return {
    name: 'one',
    kind,
    label: 'One',
    output: 'map',
    outputChannels: 3,
    channelNames: ['a', 'b', 'c'],
    ...changes,
  };
}

describe('what is found in targets', () => {
  it('of classes: shares of what is not ignored, and how many samples have each', () => {
    const survey = surveyOf.segmentation(task('segmentation'));
    survey.add(Int32Array.of(0, 0, -1, 1, 1, -1, -1, -1), 2);
    survey.add(Int32Array.of(-1, -1, -1, -1), 1);
    expect(survey.result()).toEqual({
      counted: 4 / 12,
      samplesWithout: 1,
      ranges: [],
      classes: [
        { name: 'a', share: 0.5, samples: 1 },
        { name: 'b', share: 0.5, samples: 2 },
        { name: 'c', share: 0, samples: 0 },
      ],
    });
  });

  it('of depth: the range of what is above 0', () => {
    const survey = surveyOf['metric-depth'](task('metric-depth'));
    survey.add(Float32Array.of(0, 1, 2, 0, 0, 0, 3, 0), 2);
    survey.add(new Float32Array(4), 1);
    const { counted, samplesWithout, ranges } = survey.result();
    expect([counted, samplesWithout]).toEqual([0.25, 1]);
    expect(ranges).toEqual([
      { name: 'One', unit: 'm', least: 1, most: 3, mean: 2, deviation: expect.closeTo(Math.sqrt(2 / 3), 12) as number },
    ]);
  });

  it('of vectors: only where they count', () => {
    const survey = surveyOf['instance-vectors'](task('instance-vectors'));
    survey.add(Float32Array.of(-2, 4, 1, 9, 9, 0), 1);
    expect(survey.result()).toMatchObject({
      counted: 0.5,
      ranges: [
        { name: 'dx', least: -2, most: -2, mean: -2, deviation: 0 },
        { name: 'dy', least: 4, most: 4 },
      ],
    });
  });

  it('of a regression: in its own unit; of labels: how many have each', () => {
    const regression = surveyOf.regression(task('regression', { scaling: { mean: 10, deviation: 2 } }));
    regression.add(Float32Array.of(-1, NaN, 1), 3);
    expect(regression.result()).toMatchObject({
      counted: 2 / 3,
      ranges: [{ least: 8, most: 12, mean: 10, deviation: 2 }],
    });
    const labels = surveyOf['multi-label'](task('multi-label'));
    labels.add(Int32Array.of(1, 0, 1, -1, -1, -1, 0, 0, 1), 3);
    expect(labels.result()).toMatchObject({
      counted: 2 / 3,
      samplesWithout: 1,
      classes: [
        { name: 'a', share: 0.5, samples: 1 },
        { name: 'b', share: 0, samples: 0 },
        { name: 'c', share: 1, samples: 2 },
      ],
    });
  });

  it('of nothing at all has no range', () => {
    const survey = surveyOf.normals(task('normals'));
    survey.add(new Float32Array(12), 1);
    expect(survey.result()).toEqual({ counted: 0, samplesWithout: 1, ranges: [], classes: [] });
  });
});

describe('sigmasweep data check', () => {
  const root = mkdtempSync(join(tmpdir(), 'sigmasweep-check-'));
  const sandbox = cliSandbox({ SIGMASWEEP_DATA: root });
  const set = join(root, 'nyuv2');
  beforeAll(() => {
    for (let index = 0; index < 6; index += 1) {
      putArrays(set, index < 4 ? 'train' : 'val', index, nyuScene(index, 8, 16));
    }
  });
  afterAll(async () => {
    await sandbox.remove();
    rmSync(root, { recursive: true, force: true });
  });

  const spec = {
    name: 'checked',
    workload: 'nyuv2',
    tasks: ['semantic', 'depth', 'normals'],
    data: { validationShare: 0, broken: 'fail' },
    epochs: 1,
  };

  it('says what is in the set that a spec names', async () => {
    const { code, stdout, stderr } = await sandbox.run(['data', 'check', sandbox.writeSpec('s.json', spec), '--json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const report = dataReport.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ workload: 'nyuv2', folder: 'nyuv2', height: 8, width: 16, channels: 3 });
    const { train, test } = report.splits;
    expect([train.samples, train.leftOut, test.samples]).toEqual([4, 0, 2]);
    expect(train.forms).toEqual({
      image: { 'float32 8 × 16 × 3': 4 },
      label: { 'int32 8 × 16': 4 },
      depth: { 'float32 8 × 16 × 1': 4 },
      normal: { 'float32 8 × 16 × 3': 4 },
    });
    expect(train.parts.map(({ name, kind, dtype, shape }) => [name, kind, dtype, shape])).toEqual([
      ['image', 'image', 'float32', [8, 16, 3]],
      ['semantic', 'segmentation', 'int32', [8, 16]],
      ['depth', 'metric-depth', 'float32', [8, 16]],
      ['normals', 'normals', 'float32', [8, 16, 3]],
    ]);
    const [image, semantic, depth] = train.parts;
    // Pictures of 384 numbers that are evenly spread over 0 … 1.
    expect(image?.ranges.map(({ name }) => name)).toEqual(['red', 'green', 'blue']);
    for (const { least, most, mean, deviation } of image?.ranges ?? []) {
      expect(least).toBeLessThan(0.02);
      expect(most).toBeGreaterThan(0.98);
      expect(mean).toBeCloseTo(0.5, 1);
      expect(deviation).toBeCloseTo(Math.sqrt(1 / 12), 1);
    }
    expect(semantic?.classes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(semantic?.counted).toBeLessThan(1);
    expect(depth?.ranges[0]?.least).toBeGreaterThanOrEqual(1);
    expect(depth?.ranges[0]?.most).toBeLessThanOrEqual(10);
    expect(renderData(report, false).join('\n')).toMatch(/every file can be used/);
  });

  it('names every broken file with what is wrong with it, and ends with 1', async () => {
    truncateSync(join(set, 'train/depth/1.npy'), 100);
    rmSync(join(set, 'train/normal/2.npy'));
    writeFileSync(join(set, 'val/image/5.npy'), '');
    const { code, stdout } = await sandbox.run(['data', 'check', 'nyuv2', set]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/train: train\/depth\/1\.npy is truncated: .* \(DATA_FILE_TRUNCATED\)/);
    expect(stdout).toMatch(/train: train\/normal\/2\.npy is missing \(DATA_FILE_MISSING\)/);
    expect(stdout).toMatch(/test: val\/image\/5\.npy has no bytes \(DATA_FILE_EMPTY\)/);
    expect(stdout).toMatch(/3 samples have a file that cannot be used/);
  });

  it('says why when there is nothing to look at', async () => {
    const ended = async (args: string[]) => {
      const { code, stdout, stderr } = await sandbox.run(['data', 'check', ...args]);
      expect([code, stdout]).toEqual([1, '']);
      return stderr;
    };
    expect(await ended(['nyuv2', 'not-there'])).toMatch(/no folder not-there under the data root/);
    expect(await ended(['nyu'])).toMatch(/nyu is neither a spec file nor a workload/);
    expect(await ended(['rehearsal'])).toMatch(/rehearsal has no data that a worker reads/);
    const wrong = sandbox.writeSpec('w.json', { ...spec, data: { clases: 4 } });
    expect(await ended([wrong])).toMatch(/data\.clases/);
    put(join(root, 'all-nan/train/image/0.npy'), npy([8, 16, 3], new Float32Array(384).fill(NaN)));
    for (const index of [0, 1]) put(join(root, `all-nan/train/label/${index}.npy`), npy([8, 16], new Int32Array(128)));
    put(join(root, 'all-nan/val/image/0.npy'), npy([8, 16, 3], new Float32Array(384)));
    expect(await ended(['nyuv2', 'all-nan'])).toMatch(/image\/0\.npy has NaN at position 0 of 384/);
  });
});
