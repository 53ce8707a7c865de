import { id } from '../../shared/messages/common.js';
import { actor, type Actor, type CommandName } from '../../shared/messages/commands.js';
import type { Action } from '../store/record-action.js';

/** Takes the sender's word on who they are out of a request, which its schema then need not know. */
export function splitActor(request: unknown): { by: Actor | undefined; request: unknown } {
  if (typeof request !== 'object' || request === null || !('by' in request)) return { by: undefined, request };
  const { by, ...rest } = request;
  return { by: actor.safeParse(by).data, request: rest };
}

/** Fields that are short and tell what was done; a spec is neither. */
const told = ['sweepId', 'trialId', 'cancelled', 'queued', 'held', 'handedBack', 'created', 'trials'];

function small(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      ([key, field]) =>
        told.includes(key) ||
        (['string', 'number', 'boolean'].includes(typeof field) && String(field).length <= 200 && key !== 'v'),
    ),
  );
}

/** The line of the log of actions that a command makes. */
export function actionOf(
  name: CommandName,
  by: Actor | undefined,
  request: unknown,
  result: { readonly answer: unknown } | { readonly refusedFor: string },
): Action {
  const detail = { ...small(request), ...('answer' in result ? small(result.answer) : {}) };
  const target = [detail['trialId'], detail['sweepId']].map((given) => id.safeParse(given).data).find(Boolean);
  const event = detail['event'];
  return {
    action: name === 'access' && typeof event === 'string' ? event : name,
    by,
    target,
    outcome: 'answer' in result ? 'done' : result.refusedFor,
    detail,
  };
}
