import type { Database } from '../shared/db/connect.js';
import type { SweepSpec } from '../shared/sweep-spec/parse.js';
import type { AccessEvent, CommandRequest, CommandResponse } from '../shared/messages/commands.js';
import type { Logger } from '../shared/log.js';
import type { Access } from './access/access.js';
import type { Identity, Role } from './access/identity.js';
import type { Assets } from './assets.js';
import type { Example } from './launch/examples.js';
import type { LiveChanges } from './live/live-changes.js';

/** What a command is about: a whole sweep or one trial. */
export type CommandTarget = { readonly sweepId: string } | { readonly trialId: string };

/** What of a schedule is changed; see the command `schedule`. */
export type ScheduleChange = Omit<CommandRequest<'schedule'>, 'v' | 'sweepId' | 'trialId'>;

/** What became of a submission. */
export interface Submitted {
  readonly sweepId: string;
  /** False when the same submission was known. */
  readonly created: boolean;
  readonly trials: number;
  /** Remarks, such as merged duplicates. */
  readonly notes: string[];
}

/** The coordinator's commands that the dashboard gives; cancel and retry answer how many trials they touched. */
export interface SweepCommands {
  /** Has a login or logout written down in the log of actions; nobody waits for it. */
  noteAccess(event: AccessEvent, by: Pick<Identity, 'name' | 'address'> & { role: Role | undefined }): void;
  /** What is left out stays as it is. */
  annotate(
    change: CommandTarget & { readonly notes?: string | undefined; readonly tags?: string[] | undefined },
  ): Promise<unknown>;
  archive(change: { readonly sweepId: string; readonly archived: boolean }): Promise<unknown>;
  /** Answers how many trials went with the sweep. */
  delete(target: { readonly sweepId: string }): Promise<number>;
  submit(submission: { readonly spec: SweepSpec; readonly idempotencyKey: string }): Promise<Submitted>;
  cancel(target: CommandTarget): Promise<number>;
  retry(target: CommandTarget): Promise<number>;
  pause(target: CommandTarget & { readonly now: boolean }): Promise<CommandResponse<'pause'>>;
  resume(target: CommandTarget): Promise<CommandResponse<'resume'>>;
  schedule(change: CommandTarget & ScheduleChange): Promise<unknown>;
}

/** Everything the routes need from outside. */
export interface Dependencies {
  readonly database: Database;
  readonly commands: SweepCommands;
  readonly live: LiveChanges;
  readonly assets: Assets;
  readonly examples: readonly Example[];
  readonly logger: Logger;
  readonly access: Access;
}
