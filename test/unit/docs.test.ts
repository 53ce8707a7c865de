import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { verbs } from '../../services/cli/verbs/registry.js';
import type { Terminal } from '../../services/cli/verbs/verb.js';
import type { OwnWorkloads } from '../../services/shared/catalog/own-workloads.js';
import { readConfig, settings } from '../../services/shared/config.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../../services/shared/version.js';
import { readCommands } from '../../services/worker/agent/commands/command-settings.js';
import { loadOwnWorkloads } from '../../services/worker/workloads/own/load.js';
import { specFaults } from '../helpers/spec-faults.js';

const page = (name: string): string => readFileSync(join(packageRoot, name), 'utf8');

/** The fenced blocks of a page in one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');
}

/** The workloads that a page's TypeScript defines, as a worker that brings them along tells of them. */
async function ownWorkloadsOf(text: string): Promise<OwnWorkloads> {
  const sources = blocks(text, 'ts').filter((source) => source.includes('export default defineWorkload('));
  if (sources.length === 0) return new Map();
  const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-docs-'));
  try {
    const places = sources.map((source, index) => {
      writeFileSync(join(folder, `${index}.ts`), source);
      return `./${index}.ts`;
    });
    const loaded = await loadOwnWorkloads({ places, folder }, join(folder, 'cache'));
    return new Map(loaded.map(({ entry }) => [entry.name, entry]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(packageRoot, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The command line’s own parser, whose verbs do nothing. */
function commandLine(): Command {
  const program = new Command('sigmasweep');
  const terminal = { config: readConfig('cli', {}), environment: {} } as Terminal;
  for (const verb of verbs) verb.register(program, terminal);
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
    if (command.commands.length === 0) command.action(() => undefined);
    for (const below of command.commands) silence(below);
  };
  silence(program);
  return program;
}

const programs = new Set(
  'cp cd export createdb docker kubectl nats-server pg_dump pg_restore sudo apt-get curl createuser psql openssl tar'.split(
    ' ',
  ),
);
const known = new Set(Object.values(settings).flatMap((shape) => Object.keys(shape)));

/** What is wrong with the lines of a shell block; comments and continued lines are no commands of their own. */
function commandFaults(block: string): string[] {
  return (
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split(/&&|;\s/))
      .map((line) => line.trim())
      // What a substitution runs is a matter of the shell.
      .filter((line) => line !== '' && !/^\w+=\$\(/.test(line))
      .flatMap((line) => {
        const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
        const start = words.findIndex((word) => !/^\w+=/.test(word));
        const faults = words
          .slice(0, start === -1 ? words.length : start)
          .map((word) => word.split('=')[0] ?? '')
          .filter(
            (name) =>
              name.startsWith('SIGMASWEEP_') &&
              !known.has(name) &&
              name !== 'SIGMASWEEP_BENCH_PYTHON' &&
              name !== 'SIGMASWEEP_TEST_TENSORFLOW',
          )
          .map((name) => `${line}: no setting ${name}`);
        const [program = '', ...args] = start === -1 ? [] : words.slice(start);
        return [...faults, ...faultsOfProgram(program, args).map((fault) => `${line}: ${fault}`)];
      })
  );
}

function faultsOfProgram(program: string, args: readonly string[]): string[] {
  const missing = (paths: readonly string[]): string[] =>
    paths.filter((path) => !existsSync(join(packageRoot, path))).map((path) => `no file ${path}`);
  if (program === '' || programs.has(program))
    return missing(args.filter((arg) => /^(examples|deploy)\//.test(arg) && !arg.includes('secret.yaml')));
  if (program === 'npx' && args[0] === 'sigmasweep') return faultsOfProgram('sigmasweep', args.slice(1));
  if (program === 'npx' && args[0] === 'vitest') return missing(args.filter((arg) => arg.startsWith('test/')));
  if (program === 'node') return missing([(args[0] ?? '').replace(/^dist\/(.*)\.js$/, '$1.ts')]);
  if (program === 'npm') {
    const scripts = (JSON.parse(page('package.json')) as { scripts: object }).scripts;
    if (args[0] === 'run') return Object.hasOwn(scripts, args[1] ?? '') ? [] : [`no script ${String(args[1])}`];
    return ['ci', 'test', 'install', 'pack'].includes(args[0] ?? '')
      ? []
      : [`npm ${String(args[0])} is not known here`];
  }
  if (program !== 'sigmasweep') return [`${program} is not known here`];
  try {
    commandLine().parse([...args], { from: 'user' });
    return missing(args.filter((arg) => arg.startsWith('examples/')));
  } catch (error) {
    return [String(error)];
  }
}

/** For commands in a sentence, which may leave arguments out: each word of it that is a verb or an option. */
function verbFaults(text: string): string[] {
  const [first = '', ...words] = text.split(/\s+/);
  const names = first.split('|');
  return names.flatMap((name) => {
    if (name.startsWith('-')) return [];
    const verb = commandLine().commands.find((one) => one.name() === name);
    if (verb === undefined) return [`sigmasweep ${text}: no verb ${name}`];
    const options = [verb, ...verb.commands].flatMap((one) => one.options.map(({ long }) => long));
    return words
      .filter((word) => word.startsWith('--') && !options.includes(word))
      .map((word) => `sigmasweep ${text}: no option ${word}`);
  });
}

describe('the documentation', () => {
  it('says what the built code says', () => {
    const script = join(packageRoot, 'scripts', 'generate-docs.js');
    const result = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  it.each(pages)('shows in %s only specs, and parts of specs, that are accepted and planned', async (name) => {
    const own = await ownWorkloadsOf(page(name));
    for (const text of blocks(page(name), 'yaml')) {
      if (text.startsWith('# commands.yaml')) continue;
      const given = readSpecText(text, name) as Record<string, unknown>;
      const least = { name: 'least', workload: 'street-scenes', tasks: ['semantic', 'instance', 'depth'], epochs: 12 };
      const spec = { ...least, ...given };
      expect(specFaults(spec, { quick: false, own }), `${name}:\n${text}`).toEqual([]);
      expect(planSweep(parseSweepSpec(spec, { quick: false, own })).trials.length, text).toBeGreaterThan(0);
    }
  });

  it('shows a file of commands that a worker takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-docs-'));
    const file = join(folder, 'commands.yaml');
    const [shown = ''] = blocks(page('docs/command-trainers.md'), 'yaml');
    writeFileSync(file, shown);
    expect([...readCommands(file).keys()]).toEqual(['discs']);
    rmSync(folder, { recursive: true });
  });

  it.each(pages)('names in the commands of %s only what there is', (name) => {
    expect(blocks(page(name), 'sh').flatMap(commandFaults)).toEqual([]);
  });

  it.each(pages)('names in the text of %s only verbs and options that there are', (name) => {
    const spans = [...page(name).matchAll(/`(?:npx )?sigmasweep ([^`]+)`/g)].map((match) => match[1] ?? '');
    expect(spans.flatMap((text) => verbFaults(text.replaceAll('\\|', '|')))).toEqual([]);
  });

  it('has every page in the navigation of its site, and no link that leads nowhere', () => {
    const result = spawnSync(process.execPath, [join(packageRoot, 'scripts', 'docs-site', 'build.js')], {
      encoding: 'utf8',
    });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
    const built = readFileSync(join(packageRoot, 'dist', 'site', 'docs', 'spec.html'), 'utf8');
    expect(built).not.toMatch(/<(script|link|img)[^>]*(src|href)="https?:/);
    expect(built).not.toMatch(/<script>|<style|\son\w+=/);
  });

  it('names for each guarantee a test that is there', () => {
    const rows = [
      ...page('docs/guarantees.md').matchAll(/\| `((?:unit|integration|fault|fuzz)\/[\w-]+)`: (.*?) *\|$/gm),
    ];
    expect(rows.length).toBeGreaterThan(30);
    for (const [, file = '', test = ''] of rows) {
      expect(page(`test/${file}.test.ts`).includes(test.replaceAll('\\', '')), `${file}: ${test}`).toBe(true);
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
