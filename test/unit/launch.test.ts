import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkSpecText } from '../../services/dashboard/launch/check-spec.js';
import { estimateTime, type PastRun } from '../../services/dashboard/launch/estimate.js';
import { readExamples } from '../../services/dashboard/launch/examples.js';
import { formOf, readList, readPath, type Field, type SchemaNode } from '../../services/dashboard/launch/form-model.js';
import { previewSweep } from '../../services/dashboard/launch/preview.js';
import { textOfSpec } from '../../services/dashboard/launch/start-text.js';
import { canonicalJson } from '../../services/shared/canonical-json.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { sweepSpecJsonSchema } from '../../services/shared/sweep-spec/json-schema.js';
import type { SweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../../services/shared/version.js';

const examples = readExamples();
const schema = sweepSpecJsonSchema() as SchemaNode;

function specOf(text: string): SweepSpec {
  const check = checkSpecText(text, { quick: false });
  if (!check.ok) throw new Error(JSON.stringify(check.faults));
  return check.spec;
}

const twoTasks = `
name: two
workload: street-scenes
tasks: [semantic, depth]
data: { train: 80 }
grid: { simplex: { step: 0.5 } }
weightings: [{ method: uncertainty }]
seeds: [1, 2]
epochs: 3
batchSize: 8
`;

function allFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [
    field,
    ...('fields' in field ? allFields(field.fields) : []),
    ...('chosen' in field ? allFields(field.chosen) : []),
    ...('rows' in field ? allFields(field.rows) : []),
  ]);
}

describe('starting from an example or a past sweep', () => {
  it('has every example, as it means in its file, with what it is about', () => {
    expect(examples.length).toBeGreaterThan(3);
    for (const { name, about, text } of examples) {
      const file = readFileSync(join(packageRoot, 'examples', `${name}.yaml`), 'utf8');
      expect(canonicalJson(readSpecText(text, name))).toBe(canonicalJson(readSpecText(file, name)));
      expect(about, name).toMatch(/^[A-Z].*\.$/);
      expect(text, name).not.toContain('yaml-language-server');
    }
  });

  it.each(examples)('writes the stored spec of $name as short as a person would, with the same meaning', ({ text }) => {
    const spec = specOf(text);
    const again = textOfSpec(JSON.parse(JSON.stringify(spec)));
    expect(canonicalJson(specOf(again))).toBe(canonicalJson(spec));
    expect(again).not.toMatch(/^limits:|stallSeconds|beta1/m);
  });

  it('is written in the order of the definition, whatever order the database gives, with short parts on one line', () => {
    // PostgreSQL keeps the keys of a JSON object by their length.
    const stored = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(stored);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
      return Object.fromEntries(entries.map(([key, inner]) => [key, stored(inner)]));
    };
    const text = textOfSpec(stored(JSON.parse(JSON.stringify(specOf(twoTasks)))));
    expect(text.startsWith('name: two\nworkload: street-scenes\ntasks: [ semantic, depth ]\n')).toBe(true);
    expect(text).toContain('seeds: [ 1, 2 ]\n');
    expect(text).toContain('  - { method: uncertainty }\n');
  });
});

describe('the form', () => {
  it.each(examples)('has a control for everything that $name says', ({ text }) => {
    const fields = allFields(formOf(schema, readSpecText(text, 'text') as Record<string, unknown>));
    // A list of channels that stands for a plain encoder is the one shape that only the text has.
    const others = fields.filter((field) => field.kind === 'text-only').map(({ path }) => path.join('.'));
    expect(others.filter((path) => path !== 'model.encoder')).toEqual([]);
    const kinds = new Set(fields.map(({ kind }) => kind));
    for (const kind of ['text', 'number', 'set', 'variant', 'rows', 'group'] as const) expect(kinds).toContain(kind);
  });

  it('names only the sweep’s own tasks, and keeps what it cannot show for the text', () => {
    const value = readSpecText('workload: street-scenes\ntasks: [depth]\ngrid: { points: [{ depth: 1 }] }', 'text');
    const fields = allFields(formOf(schema, value as Record<string, unknown>));
    expect(fields.filter(({ path }) => path.join('.').startsWith('grid.points.0.')).map(({ label }) => label)).toEqual([
      'depth',
    ]);
    const wrong = formOf(schema, { workload: 'street-scenes', optimizer: 'adam', epochs: { a: 1 } });
    for (const name of ['Optimizer', 'Epochs']) {
      expect(wrong.find(({ label }) => label === name)?.kind).toBe('text-only');
    }
  });

  it('reads paths as faults write them, and lists as people do', () => {
    expect(readPath('grid.points[3].semantic')).toEqual(['grid', 'points', 3, 'semantic']);
    expect(readPath('data["a b"]')).toEqual(['data', 'a b']);
    expect(readPath('')).toEqual([]);
    expect(readList('1, 2  0.5, x', true)).toEqual([1, 2, 0.5, 'x']);
  });
});

describe('the preview', () => {
  it.each(examples)('has the rows and trials that $name is planned as', ({ text }) => {
    const spec = specOf(text);
    const preview = previewSweep(spec);
    const plan = planSweep(spec);
    expect(preview.rows).toEqual(plan.settings.map((setting) => expect.objectContaining(setting) as unknown));
    expect(preview.trials).toBe(plan.trials.length);
  });

  it('counts what is too much to expand while somebody types', () => {
    const axis = Array.from({ length: 90 }, (_, index) => index + 1).join();
    const large = `${twoTasks.replace('{ simplex: { step: 0.5 } }', `{ values: { semantic: [${axis}], depth: [${axis}] } }`)}
limits: { trials: 100000 }`;
    const preview = previewSweep(specOf(large));
    expect(preview.rows).toBeUndefined();
    expect(preview.trials).toBe((90 * 90 + 3) * 2);
  });
});

describe('the time estimate', () => {
  const spec = specOf(twoTasks);
  const rows = previewSweep(spec).rows ?? [];
  const run = (changes: Partial<PastRun> = {}): PastRun => ({
    workload: spec.workload,
    data: spec.data,
    tasks: ['semantic', 'depth'],
    method: 'fixed',
    model: spec.model,
    batchSize: 8,
    epochs: 10,
    steps: 100,
    seconds: 50,
    backend: 'wasm',
    device: '4 cores',
    ...changes,
  });
  const single = [run({ tasks: ['semantic'], seconds: 20 }), run({ tasks: ['depth'], seconds: 30 })];
  const worker = { backend: 'wasm', device: '4 cores', slots: 2 };

  it('is unknown without past trials of the same kind', () => {
    expect(estimateTime(spec, rows, [], [worker])).toMatchObject({ training: undefined, wall: undefined, runs: 0 });
    for (const other of [{ batchSize: 4 }, { model: { name: 'other' } }, { data: { ...spec.data, height: 32 } }]) {
      expect(estimateTime(spec, rows, [run(other)], [worker]).training).toBeUndefined();
    }
  });

  it('is the sum of steps × past seconds a step, shared by the slots', () => {
    // 10 steps an epoch × 3 epochs. Rows: semantic 1 | 0.5 / 0.5 | depth 1 | uncertainty.
    const estimate = estimateTime(
      spec,
      rows,
      [...single, run(), run({ method: 'uncertainty', seconds: 60 })],
      [worker],
    );
    expect(rows.map((row) => row.kind)).toEqual(['single', 'fixed', 'single', 'learned']);
    expect(estimate.perTrial).toEqual([0.2 * 30, 0.5 * 30, 0.3 * 30, 0.6 * 30]);
    expect(estimate.training).toBeCloseTo(2 * (6 + 15 + 9 + 18), 9);
    expect(estimate.wall).toBeCloseTo(48, 9);
    expect(estimate).toMatchObject({ borrowed: 0, otherDevices: false, slots: 2 });
  });

  it('says when a weighting has no rate of its own, when rows have none at all, and when devices are others', () => {
    const borrowing = estimateTime(spec, rows, [...single, run()], [worker]);
    expect(borrowing.borrowed).toBe(1);
    expect(borrowing.perTrial[3]).toBeCloseTo(15, 9);
    expect(estimateTime(spec, rows, [run()], [worker])).toMatchObject({ training: undefined, runs: 1 });
    const elsewhere = estimateTime(spec, rows, [...single, run()], [{ ...worker, device: 'other' }]);
    expect(elsewhere.otherDevices).toBe(true);
    // Two rates here, one elsewhere: only those of the devices that are here count.
    const mixed = [...single, run(), run({ device: 'slow', seconds: 5000 }), run({ device: 'slow', seconds: 5000 })];
    expect(estimateTime(spec, rows, mixed, [worker]).perTrial[1]).toBeCloseTo(15, 9);
    expect(estimateTime(spec, rows, mixed, []).wall).toBeUndefined();
  });
});
