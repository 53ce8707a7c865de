// What docs/weightings.md and docs/architectures.md take from bench/results.json: what a step costs.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const results = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bench', 'results.json');

/** The measurements of a benchmark on the machine that was measured last, by label and quantity. */
function measurements(name) {
  const records = JSON.parse(readFileSync(results, 'utf8')).filter((record) => record.name.startsWith(`${name}, wasm`));
  const [newest] = [...records].sort((a, b) => (a.date < b.date ? 1 : -1));
  if (newest === undefined) return undefined;
  const rows = new Map();
  for (const record of records) {
    if (record.machine !== newest.machine) continue;
    const [quantity, ...label] = record.name.slice(`${name}, wasm`.length).split(': ');
    const row = rows.get(label.join(': ')) ?? {};
    row[quantity.replace(/^, /, '') || 'time'] = record.value;
    rows.set(label.join(': '), row);
  }
  return { machine: newest.machine, date: newest.date, rows: [...rows].sort(([, a], [, b]) => a.time - b.time) };
}

/** @param columns heading, quantity and decimals of each */
function table(name, what, columns, explanation) {
  const found = measurements(name);
  if (found === undefined) return `Not measured yet: \`node dist/bench/record.js ${name.replace(' ', '-')}\`.`;
  const cells = (row) => columns.map(([, quantity, decimals]) => row[quantity]?.toFixed(decimals) ?? '');
  return [
    `| ${[what, ...columns.map(([heading]) => heading)].join(' | ')} |`,
    `| --- | ${columns.map(() => '---:').join(' | ')} |`,
    ...found.rows.map(([label, row]) => `| ${[label, ...cells(row)].join(' | ')} |`),
    '',
    `${explanation} (${found.machine}; ${found.date}).`,
  ].join('\n');
}

const relative = [
  ['time of a step', 'time', 2],
  ['tensors’ memory at its peak', "tensors' memory", 2],
];

function withCosts(text, page, costs) {
  const marker = /(<!-- generated: costs -->)[^]*?(<!-- end -->)/;
  if (!marker.test(text)) throw new Error(`${page} lacks the generated part costs`);
  return text.replace(marker, (_, begin, end) => `${begin}\n\n${costs}\n\n${end}`);
}

/**
 * docs/weightings.md with its generated part made again.
 * @param {string} text the page as it is
 */
export function weightingsPage(text) {
  const explanation =
    'Both relative to fixed weights: three tasks at 64×128 px, batch 4, the usual network, on the WebAssembly backend';
  return withCosts(text, 'docs/weightings.md', table('weighting step', 'weighting', relative, explanation));
}

/**
 * docs/architectures.md with its generated part made again.
 * @param {string} text the page as it is
 */
export function architecturesPage(text) {
  const columns = [...relative, ['parameters [10³]', 'parameters', 1], ['multiply-adds [10⁶]', 'multiply-adds', 1]];
  const explanation =
    'Time and memory relative to hard sharing: three tasks at 64×128 px, batch 4, equal weights, a ResNet of 16, 32 and 64 channels with two units in each block, on the WebAssembly backend';
  return withCosts(text, 'docs/architectures.md', table('architecture step', 'architecture', columns, explanation));
}
