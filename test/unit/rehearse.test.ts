import { describe, expect, it } from 'vitest';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import { comparisonNotes, protocolLine } from '../../services/shared/compare/notes.js';
import { renderJson } from '../../services/shared/compare/render-json.js';
import { renderCsv } from '../../services/shared/compare/render-csv.js';
import type { MetricPoint } from '../../services/shared/messages/reports.js';
import { weightingConfig } from '../../services/shared/catalog/weightings.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { rehearse } from '../../services/worker/trainer/rehearse.js';
import type { FromTrainer } from '../../services/worker/trainer-protocol.js';

const spec = parseSweepSpec(
  {
    name: 'rehearsal',
    workload: 'rehearsal',
    tasks: ['semantic', 'depth'],
    grid: { points: [{ semantic: 0.9, depth: 0.1 }] },
    epochs: 5,
  },
  { quick: false },
);
const plan = planSweep(spec);
const config = plan.trials.find(({ config: { tasks } }) => tasks.length === 2)?.config ?? plan.trials[0]?.config;
if (config === undefined) throw new Error('nothing was planned');

const pointsOf = (said: readonly FromTrainer[]): MetricPoint[] =>
  said.flatMap((message) => (message.type === 'metrics' ? message.points : []));

describe('rehearse', () => {
  it('reports every epoch and the test metrics, the same each time', async () => {
    const runs = await Promise.all(
      [0, 1].map(async () => {
        const said: FromTrainer[] = [];
        const end = await rehearse(config, (message) => said.push(message), new AbortController().signal);
        return { end, points: pointsOf(said), reports: said.filter(({ type }) => type === 'metrics').length };
      }),
    );
    expect(runs[0]).toEqual(runs[1]);
    const [run] = runs;
    expect(run?.end).toBe('succeeded');
    // Five epochs and the test split.
    expect(run?.reports).toBe(6);
    expect(run?.points.every(({ value }) => Number.isFinite(value))).toBe(true);
    const keys = run?.points.map(({ epoch, split, task, metric }) => [epoch, split, task, metric].join()) ?? [];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain('5,test,semantic,meanIoU');
    expect(keys).toContain('5,test,depth,meanError');
  });

  it('reports as many further numbers as it is asked for', async () => {
    const said: FromTrainer[] = [];
    const wanted = { ...config, data: { extraPoints: 30 } };
    await rehearse(wanted, (message) => said.push(message), new AbortController().signal);
    expect(pointsOf(said).filter(({ task }) => task === 'trial')).toHaveLength(5 * 30);
  });

  it('moves learned weights, that sum to 1, and the angle between the tasks', async () => {
    const said: FromTrainer[] = [];
    const learned = { ...config, weighting: weightingConfig.parse({ method: 'uncertainty' }) };
    await rehearse(learned, (message) => said.push(message), new AbortController().signal);
    const of = (metric: string, epoch: number): number[] =>
      pointsOf(said).flatMap((point) => (point.metric === metric && point.epoch === epoch ? [point.value] : []));
    const [first = 0, second = 0] = of('normalisedWeight', 5);
    expect(first + second).toBeCloseTo(1, 12);
    expect(second).toBeGreaterThan(of('normalisedWeight', 1)[1] ?? 1);
    expect(of('gradientCosine:depth', 5)).toHaveLength(1);
  });

  it('stops in the middle of an epoch', async () => {
    const stop = new AbortController();
    const slow = { ...config, data: { secondsPerEpoch: 3600 } };
    const end = rehearse(slow, () => stop.abort(), stop.signal);
    expect(await end).toBe('stopped');
  });

  it('is never shown as a result', () => {
    const comparison = compareSweep({
      sweepId: 'sweep-1',
      name: spec.name,
      workload: spec.workload,
      tasks: spec.tasks,
      state: 'completed',
      settings: [...plan.settings],
      trials: [],
    });
    expect(comparisonNotes(comparison).join(' ')).toContain('nothing was trained');
    expect(protocolLine(comparison)).toContain('MADE-UP');
    expect(JSON.parse(renderJson(comparison))).toMatchObject({ madeUp: true });
    const [head, ...rows] = renderCsv(comparison).trim().split(/\r?\n/);
    expect(head).toMatch(/^madeUp,/);
    expect(rows.every((row) => row.startsWith('true,'))).toBe(true);
    expect(rows).toHaveLength(plan.settings.length);
  });
});
