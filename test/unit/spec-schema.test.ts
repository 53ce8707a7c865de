import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sweepSpecJsonSchema } from '../../services/shared/sweep-spec/json-schema.js';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../../services/shared/version.js';
import { randomSpec } from '../helpers/random-spec.js';
import { specFaults } from '../helpers/spec-faults.js';

/** Reads the schema back, as an editor does: what it allows is told by the JSON alone. */
const editor = z.fromJSONSchema(JSON.parse(JSON.stringify(sweepSpecJsonSchema())) as z.core.JSONSchema.JSONSchema);
const allows = (spec: unknown): boolean => editor.safeParse(spec).success;
const least = { name: 'least', workload: 'street-scenes', tasks: ['semantic', 'depth'], epochs: 3 };

describe('the JSON Schema', () => {
  it('allows every example and whatever else is a spec', () => {
    const folder = join(packageRoot, 'examples');
    for (const file of [...readdirSync(folder), 'pytorch/sweep.yaml'].filter((name) => name.endsWith('.yaml'))) {
      expect(allows(readSpecText(readFileSync(join(folder, file), 'utf8'), file)), file).toBe(true);
    }
    for (let seed = 0; seed < 100; seed += 1) {
      expect(specFaults(randomSpec(seed)), `spec ${seed}`).toEqual([]);
      expect(allows(randomSpec(seed)), `spec ${seed}`).toBe(true);
    }
  });

  it.each([
    ['a field is missing', { epochs: undefined }],
    ['a key is unknown', { epoch: 3 }],
    ['a task is misspelt', { tasks: ['dpeth'] }],
    ['an option of the data is unknown', { data: { trian: 3 } }],
    ['a number is out of bounds', { batchSize: 0 }],
    ['a method is misspelt', { weightings: [{ method: 'uncertanty' }] }],
    ['an option is not the method’s', { weightings: [{ method: 'equal', regression: 'squared' }] }],
    ['an option is not the optimizer’s', { optimizer: { name: 'sgd', beta1: 0.9 } }],
    ['a weight is negative', { grid: { points: [{ depth: -1 }] } }],
    ['quick holds what cannot be smaller', { quick: { tasks: ['depth'] } }],
  ])('does not allow a spec where %s', (_, change) => {
    expect(allows(least)).toBe(true);
    expect(allows({ ...least, ...change })).toBe(false);
  });
});
