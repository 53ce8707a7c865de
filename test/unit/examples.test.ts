import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planSweep } from '../../services/shared/plan/plan.js';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { packageRoot } from '../../services/shared/version.js';

const folder = join(packageRoot, 'examples');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const parse = (name: string, quick: boolean) => parseSweepSpec(readSpecText(text(name), name), { quick });

/** The rows of an example: weights in the order of its columns, or the method and the tasks it is for. */
function rows(name: string): (number[] | string)[] {
  const spec = parse(name, false);
  return planSweep(spec).settings.map(({ weights, method, tasks }) =>
    weights === null ? `${method} ${tasks.join(' ')}` : spec.tasks.map((task) => weights[task] ?? NaN),
  );
}

describe('the examples', () => {
  it('have the rows of table (a): class and depth', () => {
    const semantic = [1, 0.975, 0.95, 0.9, 0.85, 0.8, 0.7, 0.5, 0.2, 0.1, 0];
    const depth = [0, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 0.9, 1];
    expect(rows('class-depth.yaml')).toEqual([
      ...semantic.map((weight, row) => [weight, depth[row]]),
      'uncertainty semantic depth',
    ]);
  });

  it('have the rows of table (b): instance and depth', () => {
    const instance = [1, 0.75, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.025, 0];
    const depth = [0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 1];
    expect(rows('instance-depth.yaml')).toEqual([
      ...instance.map((weight, row) => [weight, depth[row]]),
      'uncertainty instance depth',
    ]);
  });

  it('have the rows of table (c): three tasks', () => {
    expect(rows('three-tasks.yaml')).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1 / 3, 1 / 3, 1 / 3],
      [0.89, 0.01, 0.1],
      'uncertainty semantic instance',
      'uncertainty semantic depth',
      'uncertainty instance depth',
      'uncertainty semantic instance depth',
    ]);
    const labels = planSweep(parse('three-tasks.yaml', false)).settings.map(({ label }) => label);
    expect(labels.slice(3, 5)).toEqual(['unweighted sum', 'approx. optimal weights (of the paper)']);
  });

  it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))(
    '%s has no row twice and is smaller with --quick',
    (name) => {
      const full = planSweep(parse(name, false));
      const quick = planSweep(parse(name, true));
      expect(full.notes).toEqual([]);
      expect(quick.settings).toEqual(full.settings);
      const images = ({ trials }: typeof full): number =>
        trials.reduce((sum, { config }) => sum + config.epochs * Number(config.data.train), 0);
      expect(images(quick)).toBeLessThan(images(full));
      expect(text(name)).toContain('# yaml-language-server: $schema=../docs/sweep-spec.schema.json\n');
    },
  );
});
