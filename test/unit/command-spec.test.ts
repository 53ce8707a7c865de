import { describe, expect, it } from 'vitest';
import { planSweep } from '../../services/shared/plan/plan.js';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import { renderMarkdown } from '../../services/shared/compare/render-markdown.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { SpecError } from '../../services/shared/sweep-spec/spec-error.js';

const spec = {
  name: 'a program',
  workload: 'command',
  data: {
    command: 'digits',
    tasks: {
      semantic: { kind: 'segmentation', label: 'Classes' },
      range: {
        metrics: [
          { name: 'rmse', label: 'RMSE', unit: 'm', better: 'lower', decimals: 2 },
          { name: 'd1', better: 'higher' },
        ],
      },
    },
    options: { depth: 18, pretrained: true },
  },
  tasks: ['range', 'semantic'],
  grid: { simplex: { step: 0.5 } },
  weightings: [{ method: 'uncertainty' }],
  epochs: 2,
};

function faultsOf(changes: object): string[] {
  try {
    parseSweepSpec({ ...spec, ...changes }, { quick: false });
  } catch (error) {
    if (error instanceof SpecError) return error.faults.map(({ path, message }) => `${path} ${message}`);
    throw error;
  }
  return [];
}

const dataWith = (tasks: unknown) => ({ data: { ...spec.data, tasks } });

describe('a sweep of a command', () => {
  it('plans grid, weightings and baselines over the tasks that the spec declares', () => {
    const parsed = parseSweepSpec(spec, { quick: false });
    expect(parseSweepSpec(parsed, { quick: false })).toEqual(parsed);
    const { settings, trials } = planSweep(parsed);
    expect(settings.map(({ kind, tasks }) => [kind, tasks.join()])).toEqual([
      ['single', 'range'],
      ['fixed', 'range,semantic'],
      ['single', 'semantic'],
      ['learned', 'range,semantic'],
    ]);
    // As declared, so that another order of the columns trains nothing twice.
    expect(trials[1]?.config.tasks).toEqual(['semantic', 'range']);
    expect(trials[1]?.config.data).toEqual(parsed.data);
  });

  it('is refused with a weighting that the program does not implement, where it says which it does', () => {
    const asked = { weightings: [{ method: 'equal' }, { method: 'uncertainty' }, { method: 'pcgrad' }] };
    expect(faultsOf(asked)).toEqual([]);
    const faults = faultsOf({ ...asked, data: { ...spec.data, weightings: ['uncertainty', 'dwa'] } });
    expect(faults).toEqual([expect.stringMatching(/^weightings\[2\]\.method .*\(uncertainty, dwa\); found pcgrad$/)]);
  });

  it('shows the declared metrics in the table', () => {
    const { settings } = planSweep(parseSweepSpec(spec, { quick: false }));
    const comparison = compareSweep({
      sweepId: 'sweep-1',
      name: spec.name,
      workload: 'command',
      data: spec.data,
      tasks: spec.tasks,
      state: 'completed',
      settings: [...settings],
      trials: settings.map(({ key, label, tasks }, index) => ({
        trialId: `trial-${String(index)}`,
        settingKey: key,
        label,
        seed: 1,
        state: 'succeeded',
        finalWeights: [],
        metrics: tasks.map((task) =>
          task === 'range' ? { task, metric: 'rmse', value: 4 - index } : { task, metric: 'meanIoU', value: 0.5 },
        ),
      })),
    });
    expect(comparison.columns.map(({ task, metric, primary }) => [task, metric.label, primary])).toEqual([
      ['range', 'RMSE', true],
      ['range', 'd1', false],
      ['semantic', 'IoU', true],
      ['semantic', 'Pixel accuracy', false],
    ]);
    expect(comparison.tasks.map(({ label }) => label)).toEqual(['range', 'Classes']);
    // A quarter less error on one task, the same on the other.
    expect(comparison.rows[1]?.delta?.total.mean).toBeCloseTo(12.5);
    expect(renderMarkdown(comparison)).toContain('RMSE \\[m] ↓');
  });

  it.each<[object, string]>([
    [{ tasks: ['rnage'] }, "tasks[0] must be one of semantic, range; found 'rnage'; did you mean 'range'?"],
    [{ data: { tasks: spec.data.tasks } }, 'data.command is missing'],
    [{ data: { command: 'x' } }, 'data.tasks is missing'],
    [{ data: { ...spec.data, command: '../x' } }, 'data.command must be letters, digits'],
    [{ data: { ...spec.data, run: ['rm', '-rf', '/'] } }, 'data.run is not a known key'],
    [dataWith({}), 'data.tasks must not be empty'],
    [dataWith({ trial: { kind: 'depth' } }), 'data.tasks must not have a task named trial'],
    [dataWith({ range: {} }), 'data.tasks.range must have either kind or metrics'],
    [dataWith({ range: { kind: 'dept' } }), "did you mean 'depth'?"],
    [dataWith({ range: { metrics: [{ name: 'rmse' }] } }), 'data.tasks.range.metrics[0].better is missing'],
    [dataWith({ 'a b': { kind: 'depth' } }), 'data.tasks["a b"]'],
    [
      { data: { ...spec.data, options: { text: 'x'.repeat(20_000) } } },
      'data.options must have at most 16384 characters',
    ],
    [{ model: { head: 64 } }, 'model is for sigmasweep’s own networks'],
  ])('refuses a fault of data, model or tasks: %#', (changes, fault) => {
    expect(faultsOf(changes).join('\n')).toContain(fault);
  });
});
