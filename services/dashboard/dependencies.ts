import type { Database } from '../shared/db/connect.js';
import type { Logger } from '../shared/log.js';
import type { Assets } from './assets.js';
import type { LiveChanges } from './live/live-changes.js';

/** What a command is about: a whole sweep or one trial. */
export type CommandTarget = { readonly sweepId: string } | { readonly trialId: string };

/** The coordinator's commands that the dashboard gives; each answers how many trials it touched. */
export interface SweepCommands {
  cancel(target: CommandTarget): Promise<number>;
  retry(target: CommandTarget): Promise<number>;
}

/** Everything the routes need from outside. */
export interface Dependencies {
  readonly database: Database;
  readonly commands: SweepCommands;
  readonly live: LiveChanges;
  readonly assets: Assets;
  readonly logger: Logger;
  /** Password of the dashboard; undefined only when it listens on loopback. */
  readonly token: string | undefined;
}
