import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { commandName } from '../../../shared/catalog/command-options.js';
import { SigmasweepError } from '../../../shared/errors.js';

const commandSettings = z.strictObject({
  run: z.array(z.string().min(1)).min(1),
  folder: z.string().min(1).default('.'),
  environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string()).default({}),
  stopSeconds: z.number().positive().max(3600).default(10),
});

/** A program that a worker may run, as the worker's own settings name it. */
export interface Command {
  readonly name: string;
  /** The program and its arguments; no shell reads them. */
  readonly run: readonly [string, ...string[]];
  /** Where it is started: an absolute path. */
  readonly folder: string;
  /** Variables that it gets beside those of the worker. */
  readonly environment: Readonly<Record<string, string>>;
  /** From SIGTERM to SIGKILL, milliseconds. */
  readonly stopGraceMs: number;
}

export type Commands = ReadonlyMap<string, Command>;

/**
 * Reads the file that says which commands a worker may run: YAML or JSON, a mapping from names to
 * `{run, folder, environment, stopSeconds}`. Relative folders are seen from the file.
 * @throws SigmasweepError COMMANDS_INVALID with every fault
 */
export function readCommands(file: string): Commands {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(file, [`it cannot be read: ${String(cause)}`], cause);
  }
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0)
    throw invalid(
      file,
      document.errors.map(({ message }) => message),
    );
  const parsed = z.record(commandName, commandSettings).safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    throw invalid(
      file,
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`),
    );
  }
  return new Map(
    Object.entries(parsed.data).map(([name, { run, folder, environment, stopSeconds }]): [string, Command] => [
      name,
      {
        name,
        run: run as [string, ...string[]],
        folder: resolve(dirname(resolve(file)), folder),
        environment,
        stopGraceMs: stopSeconds * 1000,
      },
    ]),
  );
}

function invalid(file: string, faults: readonly string[], cause?: unknown): SigmasweepError {
  return new SigmasweepError('COMMANDS_INVALID', `The commands in ${file} have faults: ${faults.join('; ')}`, {
    hint: 'docs/command-trainers.md shows such a file; SIGMASWEEP_COMMANDS names it.',
    cause,
  });
}
