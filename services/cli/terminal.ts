import type { Config } from '../shared/config.js';
import type { Terminal } from './verbs/verb.js';

const clearLine = '\r\u001b[2K';

/** The person's terminal: results go to standard output, everything else to standard error. */
export function openTerminal(config: Config<'cli'>, environment: Terminal['environment']): Terminal {
  const { NO_COLOR, TERM } = environment;
  const dumb = TERM === 'dumb';
  const interactive = process.stderr.isTTY && !dumb;
  const colour = process.stdout.isTTY && !dumb && (NO_COLOR === undefined || NO_COLOR === '');
  let statusShown = false;
  const endStatus = () => {
    if (!statusShown) return;
    process.stderr.write(clearLine);
    statusShown = false;
  };
  return {
    config,
    environment,
    interactive,
    colour,
    print: (line) => {
      endStatus();
      process.stdout.write(`${line}\n`);
    },
    note: (line) => {
      endStatus();
      process.stderr.write(`${line}\n`);
    },
    status: (line) => {
      if (!interactive) return;
      process.stderr.write(`${clearLine}${cutTo(line, process.stderr.columns - 1)}`);
      statusShown = true;
    },
  };
}

/** A line that is cut to a width, so that it can be rewritten; a terminal that does not know its width counts as wide. */
export function cutTo(line: string, width: number): string {
  const oneLine = line.replaceAll('\n', ' ');
  return width > 1 && oneLine.length > width ? `${oneLine.slice(0, width - 1)}…` : oneLine;
}
