import { describe, expect, it } from 'vitest';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { faultsOf } from '../helpers/spec-faults.js';

const read = (text: string) => readSpecText(text, 'spec.yaml');

/** Text that is refused: what it is, the text, where its first fault is, and words of the message. */
const refused: readonly (readonly [what: string, text: string, at: string, ...words: string[]])[] = [
  ['a list that is not closed', 'name: x\ntasks: [a,\nb', 'spec.yaml:3:1', ']'],
  ['tabs as indentation', 'data:\n\ttrain: 3', 'spec.yaml:2:1', 'Tabs'],
  ['a key twice', 'epochs: 3\nseeds: [1]\nepochs: 4', 'spec.yaml:3:1', 'epochs', 'twice'],
  ['a key twice in JSON', '{"data": {"train": 1,\n  "train": 2}}', 'spec.yaml:2:3', 'twice'],
  ['a number as key', 'points:\n  - { 1: 2 }', 'spec.yaml:2:7', 'quotes'],
  ['a list as key', '? [a]\n: 1', 'spec.yaml:1:3', 'not text'],
  ['a second document', 'name: x\n---\nname: y', 'spec.yaml:2:1', 'second document'],
  ['a tag', 'name: !!binary aGk=', 'spec.yaml:1:16', 'binary'],
  ['a tag of nobody', 'name: !secret x', 'spec.yaml:1:7', 'secret'],
  ['another version of YAML', '%YAML 1.1\n---\nbaselines: yes', 'spec.yaml:1:1', '1.1'],
  ['an alias of nothing', 'name: *other', 'spec.yaml:1:7', '*other'],
  ['a list that holds itself', 'tasks: &a [*a]', 'spec.yaml', 'aliases'],
  ['more than 100 aliases', `a: &a 1\nb: [${'*a, '.repeat(101)}]`, 'spec.yaml:2:405', '100 aliases'],
  ['deep flow lists', '['.repeat(400_000), 'spec.yaml:1:22', '20 levels'],
  ['deep block lists', '- '.repeat(400_000), 'spec.yaml:1:43', '20 levels'],
  ['a megabyte', `# ${'x'.repeat(1_000_000)}`, 'spec.yaml', '1,000,002 bytes', '1,000,000'],
];

describe('readSpecText', () => {
  it.each(refused)('refuses %s', (_, text, at, ...words) => {
    const [fault] = faultsOf(() => read(text));
    expect(fault?.path).toBe(at);
    for (const word of words) expect(fault?.message).toContain(word);
  });

  it('refuses aliases of aliases that stand for more than a spec may hold', () => {
    const levels = Array.from({ length: 8 }, (_, level) => {
      const item = level === 0 ? 'lol' : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 9 }, () => item).join(', ')}]`;
    });
    expect(faultsOf(() => read(levels.join('\n')))).toMatchObject([{ path: 'spec.yaml', message: /aliases/ }]);
  });

  it('refuses one large value named many times', () => {
    const text = `a: &a ${'x'.repeat(100_000)}\nb: [${Array.from({ length: 50 }, () => '*a').join(', ')}]`;
    expect(faultsOf(() => read(text))).toMatchObject([{ path: 'spec.yaml', message: /aliases/ }]);
  });

  it('reads YAML with anchors, comments and every kind of number', () => {
    const text = '# size\nlow: &low [0.1, 1e-1]\nagain: *low\nseeds: [1, 0x10]\nyes: yes\nnone: ~\n';
    expect(read(text)).toEqual({ low: [0.1, 0.1], again: [0.1, 0.1], seeds: [1, 16], yes: 'yes', none: null });
  });

  it('reads JSON, indented with tabs and with a byte-order mark', () => {
    const value = { name: 'a\\b "c" \u2028', points: [{ depth: 1e-7 }, {}], on: true };
    expect(read(`\ufeff${JSON.stringify(value, undefined, '\t')}`)).toEqual(value);
  });

  it('reads a long grid in time that grows with its length', () => {
    const text = `points:\n${Array.from({ length: 20_000 }, (_, index) => `  k${index}: ${index}`).join('\n')}`;
    expect(Object.keys((read(text) as { points: object }).points)).toHaveLength(20_000);
  });
});
