import type { Database } from '../../shared/db/connect.js';
import type { Actor } from '../../shared/messages/commands.js';
import { storableText } from './storable-text.js';

/** What somebody did, or tried to do. */
export interface Action {
  readonly action: string;
  readonly by: Actor | undefined;
  /** Id of the sweep or trial that it was about. */
  readonly target: string | undefined;
  /** `done`, or the code of what it was refused for. */
  readonly outcome: string;
  /** Its request and answer, as far as they are small. */
  readonly detail: object;
}

/** Writes an action down. */
export async function recordAction(database: Database, { action, by, target, outcome, detail }: Action): Promise<void> {
  await database.$executeRaw`
    INSERT INTO action (action, via, name, role, address, target, outcome, detail)
    VALUES (${action}, ${by?.via ?? null}, ${by?.name === undefined ? null : storableText(by.name)}, ${by?.role ?? null},
      ${by?.address === undefined ? null : storableText(by.address)}, ${target ?? null}, ${outcome},
      ${JSON.stringify(detail)}::jsonb)`;
}
