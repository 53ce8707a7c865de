import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOfSpec } from '../../services/dashboard/launch/start-text.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { countTrials } from '../../services/shared/sweep-spec/count.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { SpecError } from '../../services/shared/sweep-spec/spec-error.js';
import { packageRoot } from '../../services/shared/version.js';
import { awkwardValue, edited, edits, editedText, fuzzBudget, textEdits } from '../helpers/fuzz.js';
import { randomSpec } from '../helpers/random-spec.js';

const folder = join(packageRoot, 'examples');
const texts = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

/** One case that takes longer hangs, however busy the machine, in milliseconds. */
const hangs = 15_000;

/** Gives back what the call does, or undefined when it refuses; any other error goes on. */
function orRefused<Result>(call: () => Result): Result | undefined {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    expect(error.faults.length).toBeGreaterThan(0);
    for (const { path, message } of error.faults) {
      expect(path.length).toBeLessThan(1000);
      expect(message).not.toBe('');
      // What is shown to people is cut, whatever the spec holds.
      expect(message.length).toBeLessThan(3000);
    }
    return undefined;
  }
}

/** What must hold for anything that is given as a spec. */
function checkSpec(value: unknown): 'accepted' | 'refused' {
  const started = performance.now();
  const spec = orRefused(() => parseSweepSpec(value, { quick: false }));
  if (spec !== undefined) {
    const counted = countTrials(spec);
    expect(counted.trials).toBeLessThanOrEqual(spec.limits.trials);
    const { settings, trials } = planSweep(spec);
    expect(trials.length).toBeGreaterThan(0);
    expect(trials.length).toBeLessThanOrEqual(counted.trials);
    expect(trials).toHaveLength(settings.length * spec.seeds.length);
    expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length);
    expect(new Set(trials.map(({ position }) => position)).size).toBe(trials.length);
    // What the coordinator stores and the dashboard writes out again is the same spec.
    expect(parseSweepSpec(JSON.parse(JSON.stringify(spec)), { quick: false })).toEqual(spec);
    expect(parseSweepSpec(readSpecText(textOfSpec(spec), 'spec.yaml'), { quick: false })).toEqual(spec);
  }
  expect(performance.now() - started).toBeLessThan(hangs);
  return spec === undefined ? 'refused' : 'accepted';
}

function checkText(text: string): void {
  const started = performance.now();
  const value = orRefused(() => readSpecText(text, 'spec.yaml'));
  expect(performance.now() - started).toBeLessThan(hangs);
  if (value !== undefined) checkSpec(value);
}

describe('fuzz: a spec is planned within its limit or refused with its faults', () => {
  it('specs of people, changed', () => {
    const documents = texts.map((text) => readSpecText(text, 'example'));
    const base = fc.oneof(fc.constantFrom(...documents), fc.nat(2 ** 31).map(randomSpec));
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(base, edits, (document, changes) => {
        outcomes.add(checkSpec(edited(document, changes)));
      }),
      fuzzBudget(60),
    );
    // A fuzz all of whose cases are refused at the door tries nothing behind it.
    expect([...outcomes].sort()).toEqual(['accepted', 'refused']);
  });

  it('anything', () => {
    fc.assert(
      fc.property(fc.oneof(awkwardValue, fc.anything()), (value) => void checkSpec(value)),
      fuzzBudget(150),
    );
  });

  it('texts of people, changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), textEdits, (text, changes) => checkText(editedText(text, changes))),
      fuzzBudget(60),
    );
  });

  it('bytes, YAML-like or not', () => {
    const bytes = fc.uint8Array({ maxLength: 3000 }).map((data) => Buffer.from(data).toString('utf8'));
    const json = fc.json({ maxDepth: 8 });
    const signs = fc.string({ unit: fc.constantFrom(...Array.from('-:?[]{}&*!|>\'"%@`,# \n\ta1.~')), maxLength: 300 });
    fc.assert(fc.property(fc.oneof(bytes, json, signs), checkText), fuzzBudget(300));
  });
});
