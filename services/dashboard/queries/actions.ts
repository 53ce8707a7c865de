import type { Database } from '../../shared/db/connect.js';

/** A line of the log of actions. */
export interface ActionRow {
  readonly id: string;
  readonly at: Date;
  readonly action: string;
  readonly via: string | null;
  readonly name: string | null;
  readonly role: string | null;
  readonly address: string | null;
  readonly target: string | null;
  /** Name of the sweep, or label of the trial, that it was about, where it still exists. */
  readonly targetName: string | null;
  /** `done`, or the code of what it was refused for. */
  readonly outcome: string;
}

/** Lines on one page of the log. */
export const actionsPerPage = 100;

/**
 * The newest actions, newest first.
 * @param before only those before this one
 */
export async function listActions(
  database: Database,
  before: bigint | undefined,
  limit = actionsPerPage,
): Promise<ActionRow[]> {
  const rows = await database.$queryRaw<
    {
      id: bigint;
      at: Date;
      action: string;
      via: string | null;
      name: string | null;
      role: string | null;
      address: string | null;
      target: string | null;
      target_name: string | null;
      outcome: string;
    }[]
  >`
    SELECT a.id, a.at, a.action, a.via, a.name, a.role, a.address, a.target, a.outcome,
      coalesce(s.name, t.label) AS target_name
    FROM action a LEFT JOIN sweep s ON s.id = a.target LEFT JOIN trial t ON t.id = a.target
    WHERE ${before ?? null}::bigint IS NULL OR a.id < ${before ?? null}::bigint
    ORDER BY a.id DESC LIMIT ${limit}`;
  return rows.map(({ id, target_name: targetName, ...row }) => ({ ...row, id: String(id), targetName }));
}
