import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { withCoordinator } from '../connection.js';
import { fetchFromDashboard } from '../dashboard-files.js';
import type { Verb } from './verb.js';

/** What can be written, by the name given to --format. */
const formats = { html: 'report.html', markdown: 'protocol.md', latex: 'protocol.tex' } as const;
type Format = keyof typeof formats;

function parseFormat(name: string): Format {
  const found = (Object.keys(formats) as Format[]).find((known) => known === name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`known formats are ${Object.keys(formats).join(', ')}.`);
}

/** `sigmasweep report SWEEP`: the sweep as one file that opens without a server. */
export const report: Verb = {
  register(program, terminal) {
    program
      .command('report')
      .description('write a sweep as one HTML file that opens without a server, or its protocol as text')
      .argument('<sweep>', 'id of the sweep, or `latest`')
      .option('-o, --output <file>', 'where to write; the sweep’s id with the ending of the format otherwise')
      .option('-f, --format <format>', `one of ${Object.keys(formats).join(', ')}`, parseFormat, 'html')
      .option('--dashboard <url>', 'address of the dashboard; that of this folder’s running stack otherwise')
      .action(async (given: string, options: { output?: string; format: Format; dashboard?: string }) => {
        const file = formats[options.format];
        const sweep =
          given === 'latest' ? await withCoordinator(terminal.config, (_, resolveSweep) => resolveSweep(given)) : given;
        const text = await fetchFromDashboard(
          terminal.config,
          options.dashboard,
          `/sweeps/${encodeURIComponent(sweep)}/${file}`,
        );
        const path = resolve(options.output ?? `${sweep}${file.slice(file.lastIndexOf('.'))}`);
        await writeFile(path, text);
        terminal.print(path);
      });
  },
};
