import type { Command } from 'commander';
import type { Config } from '../../shared/config.js';

/** What every verb is given: settings, and where to write. */
export interface Terminal {
  readonly config: Config<'cli'>;
  /** The environment of this process, handed on to the services that it starts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether lines of standard error may be rewritten. */
  readonly interactive: boolean;
  /** Whether standard output may be coloured. */
  readonly colour: boolean;
  /** Writes a line to standard output: the result. */
  print(line: string): void;
  /** Writes a line to standard error: what is going on. */
  note(line: string): void;
  /** Rewrites the last line of standard error; only for interactive terminals. */
  status(line: string): void;
}

/** One verb of the command line; `register` declares its arguments and action. */
export interface Verb {
  register(program: Command, terminal: Terminal): void;
}
