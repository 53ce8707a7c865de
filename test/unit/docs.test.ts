import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../../services/shared/version.js';
import { specFaults } from '../helpers/spec-faults.js';

const page = (name: string): string => readFileSync(join(packageRoot, name), 'utf8');

/** The fenced blocks of a page in one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
}

describe('the documentation', () => {
  it('says what the built code says', () => {
    const script = join(packageRoot, 'scripts', 'generate-docs.js');
    const result = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  it.each(['docs/spec.md', 'README.md'])('shows in %s only specs, and parts of specs, that are accepted', (name) => {
    const least = { name: 'least', workload: 'street-scenes', tasks: ['semantic', 'instance', 'depth'], epochs: 1 };
    const shown = blocks(page(name), 'yaml');
    expect(shown.length).toBeGreaterThan(0);
    for (const text of shown) {
      const spec = readSpecText(text, name) as object;
      expect(specFaults({ ...least, ...spec }), text).toEqual([]);
    }
  });

  it('shows faults as they are', () => {
    const [shown] = blocks(page('docs/spec.md'), 'text');
    const spec = { name: 'x', workload: 'street-scenes', tasks: ['semantic', 'dpeth'], epoch: 3 };
    const faults = specFaults(spec);
    expect(faults).toHaveLength(3);
    for (const { path, message } of faults) {
      // The page leaves out the end of a long list.
      expect(shown).toContain(`  ${path}: ${message.replace(/(\(known: name, workload), .*\)/, '$1, …)')}`);
    }
  });
});
