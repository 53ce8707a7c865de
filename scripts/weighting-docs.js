// What docs/weightings.md takes from bench/results.json: what a step costs under each weighting.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const results = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bench', 'results.json');
const time = 'weighting step, wasm: ';
const memory = "weighting step, wasm, tensors' memory: ";

function costs() {
  const records = JSON.parse(readFileSync(results, 'utf8'));
  const measured = records.filter(({ name }) => name.startsWith(time));
  if (measured.length === 0) return 'Not measured yet: `node dist/bench/record.js weighting-step`.';
  const rows = measured
    .map((record) => {
      const label = record.name.slice(time.length);
      const peak = records.find(({ name, machine }) => name === `${memory}${label}` && machine === record.machine);
      return { label, time: record.value, peak: peak?.value };
    })
    .sort((a, b) => a.time - b.time)
    .map(({ label, time: ratio, peak }) => `| ${label} | ${ratio.toFixed(2)} | ${peak?.toFixed(2) ?? ''} |`);
  const [{ machine, date }] = measured;
  return [
    '| weighting | time of a step | tensors’ memory at its peak |',
    '| --- | ---: | ---: |',
    ...rows,
    '',
    `Both relative to fixed weights: three tasks at 64×128 px, batch 4, the usual network, on the WebAssembly backend (${machine}; ${date}).`,
  ].join('\n');
}

/**
 * docs/weightings.md with its generated part made again.
 * @param {string} text the page as it is
 */
export function weightingsPage(text) {
  const marker = /(<!-- generated: costs -->)[^]*?(<!-- end -->)/;
  if (!marker.test(text)) throw new Error('docs/weightings.md lacks the generated part costs');
  return text.replace(marker, (_, begin, end) => `${begin}\n\n${costs()}\n\n${end}`);
}
