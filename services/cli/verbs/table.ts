import { InvalidArgumentError } from 'commander';
import { compareSweep, type Comparison } from '../../shared/compare/comparison.js';
import { renderCsv } from '../../shared/compare/render-csv.js';
import { renderLatex } from '../../shared/compare/render-latex.js';
import { renderMarkdown } from '../../shared/compare/render-markdown.js';
import { renderTerminal } from '../../shared/compare/render-terminal.js';
import { callCommand } from '../../shared/nats/command-client.js';
import { withCoordinator } from '../connection.js';
import type { Terminal, Verb } from './verb.js';

/** Forms of the comparison table by the name given to --format. */
const formats: Readonly<Record<string, (comparison: Comparison, terminal: Terminal) => string>> = {
  terminal: (comparison, { colour }) => renderTerminal(comparison, { colour }),
  csv: renderCsv,
  markdown: renderMarkdown,
  latex: renderLatex,
};

function parseFormat(name: string): string {
  if (Object.hasOwn(formats, name)) return name;
  throw new InvalidArgumentError(`known formats are ${Object.keys(formats).join(', ')}.`);
}

/** `sigmasweep table SWEEP`: the comparison, for people, spreadsheets and papers. */
export const table: Verb = {
  register(program, terminal) {
    program
      .command('table')
      .description('print the comparison table of a sweep')
      .argument('<sweep>', 'id of the sweep, or `latest`')
      .option('-f, --format <format>', `one of ${Object.keys(formats).join(', ')}`, parseFormat, 'terminal')
      .action(async (sweep: string, options: { format: string }) => {
        await withCoordinator(terminal.config, async (connection, resolveSweep) => {
          const results = await callCommand(connection, 'results', { sweepId: await resolveSweep(sweep) });
          const render = formats[options.format] ?? renderMarkdown;
          terminal.print(render(compareSweep(results), terminal).trimEnd());
        });
      });
  },
};
