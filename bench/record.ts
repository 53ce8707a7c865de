import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../services/shared/version.js';
import { benchmarks } from './registry.js';

/** One measured number. */
export interface BenchRecord {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it was measured beside or against. */
  readonly comparedWith: string;
}

interface StoredRecord extends BenchRecord {
  readonly machine: string;
  readonly command: string;
  readonly date: string;
}

/** Where the measured numbers are kept. */
export const resultsFile = join(packageRoot, 'bench', 'results.json');
const tableFile = join(packageRoot, 'bench', 'RESULTS.md');

/** The machine in words: processor, cores that this process may use, memory, system, Node. */
function describeMachine(cores: number): string {
  const model = (cpus()[0]?.model ?? 'unknown processor').trim();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${String(cores)} cores, ${String(memory)} GiB, Linux ${release().split('-')[0] ?? ''}, Node ${process.version}`;
}

/** Renders the records as the table of bench/RESULTS.md. */
export function renderResults(records: readonly StoredRecord[]): string {
  const rows = records.map(
    (record) =>
      `| ${[record.name, formatValue(record.value), record.unit, record.comparedWith, record.machine, `\`${record.command}\``, record.date].join(' | ')} |`,
  );
  return [
    '# Measured numbers',
    '',
    'Written by `node dist/bench/record.js NAME` from `bench/results.json`; do not edit.',
    '',
    '| name | value | unit | compared with | machine | command | date |',
    '| --- | ---: | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function formatValue(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

async function main(names: readonly string[]): Promise<void> {
  const { availableParallelism } = await import('node:os');
  let stored = JSON.parse(readFileSync(resultsFile, 'utf8')) as StoredRecord[];
  for (const name of names) {
    const benchmark = benchmarks[name];
    if (benchmark === undefined) {
      throw new Error(`no benchmark is called ${name}; known: ${Object.keys(benchmarks).join(', ')}`);
    }
    const records = await (await benchmark()).run();
    const context = {
      machine: describeMachine(availableParallelism()),
      command: `node dist/bench/record.js ${name}`,
      date: new Date().toISOString().slice(0, 10),
    };
    // A record is what it measures on how many cores: measuring it again replaces it.
    const fresh = records.map((record) => ({ ...record, ...context }));
    const keys = new Set(fresh.map((record) => `${record.name} ${record.machine}`));
    stored = [...stored.filter((record) => !keys.has(`${record.name} ${record.machine}`)), ...fresh];
    for (const record of fresh) process.stdout.write(`${record.name}: ${formatValue(record.value)} ${record.unit}\n`);
  }
  stored.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  writeFileSync(resultsFile, `${JSON.stringify(stored, undefined, 2)}\n`);
  const { format, resolveConfig } = await import('prettier');
  writeFileSync(
    tableFile,
    await format(renderResults(stored), { ...(await resolveConfig(tableFile)), filepath: tableFile }),
  );
}

if (process.argv[1]?.endsWith('record.js') === true) await main(process.argv.slice(2));
