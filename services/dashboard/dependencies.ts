import type { Database } from '../shared/db/connect.js';
import type { SweepSpec } from '../shared/sweep-spec/parse.js';
import type { Logger } from '../shared/log.js';
import type { Assets } from './assets.js';
import type { Example } from './launch/examples.js';
import type { LiveChanges } from './live/live-changes.js';

/** What a command is about: a whole sweep or one trial. */
export type CommandTarget = { readonly sweepId: string } | { readonly trialId: string };

/** What became of a submission. */
export interface Submitted {
  readonly sweepId: string;
  /** False when the same submission was known. */
  readonly created: boolean;
}

/** The coordinator's commands that the dashboard gives; cancel and retry answer how many trials they touched. */
export interface SweepCommands {
  submit(submission: { readonly spec: SweepSpec; readonly idempotencyKey: string }): Promise<Submitted>;
  cancel(target: CommandTarget): Promise<number>;
  retry(target: CommandTarget): Promise<number>;
}

/** Everything the routes need from outside. */
export interface Dependencies {
  readonly database: Database;
  readonly commands: SweepCommands;
  readonly live: LiveChanges;
  readonly assets: Assets;
  readonly examples: readonly Example[];
  readonly logger: Logger;
  /** Password of the dashboard; undefined only when it listens on loopback. */
  readonly token: string | undefined;
}
