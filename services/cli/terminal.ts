import type { Config } from '../shared/config.js';
import type { Terminal } from './verbs/verb.js';

const clearLine = '\r\u001b[2K';

/** The person's terminal: results go to standard output, everything else to standard error. */
export function openTerminal(config: Config<'cli'>, environment: Terminal['environment']): Terminal {
  const interactive = process.stderr.isTTY;
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
      const width = process.stderr.columns - 1;
      process.stderr.write(`${clearLine}${line.length > width ? `${line.slice(0, width - 1)}…` : line}`);
      statusShown = true;
    },
  };
}
