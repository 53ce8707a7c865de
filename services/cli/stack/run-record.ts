import { existsSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { isRunning } from './processes.js';
import { writeSecretFile, type StateFolder } from './state-folder.js';

const identity = z.object({ pid: z.number().int().positive(), started: z.string() });

const recordedProcessSchema = identity.extend({
  name: z.string(),
  log: z.string(),
  /** False until it has said that it is ready; one that a start left behind unready is not used. */
  ready: z.boolean(),
  /** Settings that were asked for by name, to tell when a later command asks for others. */
  asked: z.record(z.string(), z.string()).default({}),
});
/** One process of the stack. */
export type RecordedProcess = z.output<typeof recordedProcessSchema>;

const runRecordSchema = z.object({
  version: z.literal(1),
  databaseUrl: z.string(),
  natsUrl: z.string(),
  dashboardUrl: z.string().optional(),
  /** What runs, in the order in which it was started; it is stopped the other way round. */
  processes: z.array(recordedProcessSchema),
  /** The commands that use this stack; the last one to leave stops it, unless `keep`. */
  users: z.array(identity),
  /** Started by `up`: it runs until `down`. */
  keep: z.boolean(),
});

/** What runs for a state folder. It holds passwords. */
export type RunRecord = z.output<typeof runRecordSchema>;

/** Writes down what runs, for this user's eyes only. */
export function writeRunRecord(state: StateFolder, record: RunRecord): void {
  writeSecretFile(state.runRecord, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Forgets what ran. */
export function removeRunRecord(state: StateFolder): void {
  rmSync(state.runRecord, { force: true });
}

/**
 * Reads what was written down and leaves out every process that has ended since, or whose id another program has now.
 * It changes nothing, so it needs no lock.
 * @returns undefined when nothing runs. `gone` names what should run and does not.
 */
export function readRunRecord(state: StateFolder): { record: RunRecord; gone: readonly string[] } | undefined {
  if (!existsSync(state.runRecord)) return undefined;
  const record = parseRecord(readFileSync(state.runRecord, 'utf8'));
  const processes = record?.processes.filter(isRunning) ?? [];
  if (record === undefined || processes.length === 0) return undefined;
  const gone = record.processes.filter((process) => !processes.includes(process)).map((process) => process.name);
  return { record: { ...record, processes, users: record.users.filter(isRunning) }, gone };
}

/** A record that cannot be read is as good as none: the servers are found again by what they write themselves. */
function parseRecord(text: string): RunRecord | undefined {
  try {
    return runRecordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
