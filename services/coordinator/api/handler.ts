import type { z } from 'zod';
import type { Database } from '../../shared/db/connect.js';
import type { CommandName, CommandResponse, commands } from '../../shared/messages/commands.js';
import type { Effects } from '../loops/effects.js';
import type { StoredClaimAnswer } from '../store/claim-trial.js';
import type { Claim } from '../store/take-trials.js';
import type { Batcher } from './batcher.js';

/** What the commands work with. */
export interface ApiContext {
  readonly database: Database;
  readonly effects: Effects;
  readonly leaseSeconds: number;
  /** Claims that come together are granted together. */
  readonly claims: Batcher<Claim, StoredClaimAnswer>;
}

/** Commands of different lanes do not wait for each other: a page full of results never delays a claim. */
export type Lane = 'claim' | 'write' | 'read';

/** A request after validation, defaults filled in. */
export type ValidRequest<Name extends CommandName> = z.output<(typeof commands)[Name]['request']>;

/** One command of the service. */
export interface Handler<Name extends CommandName> {
  readonly lane: Lane;
  /** A bigger request is refused unread, in bytes. */
  readonly largestRequest: number;
  handle(context: ApiContext, request: ValidRequest<Name>): Promise<CommandResponse<Name>>;
}

/** Room for a request that holds ids and little else, in bytes. */
export const smallRequest = 16 * 1024;
