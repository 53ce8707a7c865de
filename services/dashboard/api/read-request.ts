import type { HonoRequest } from 'hono';
import { z } from 'zod';
import { SigmasweepError } from '../../shared/errors.js';
import type { InputFault } from '../../shared/messages/commands.js';
import type { ApiRequest, Endpoint, Shape } from './endpoint.js';

/** A request that is not what its endpoint takes. */
export class ApiRequestError extends SigmasweepError {
  readonly faults: readonly InputFault[];

  constructor(faults: readonly InputFault[]) {
    const [first] = faults;
    const where = first === undefined || first.path === '' ? '' : `${first.path}: `;
    const more = faults.length > 1 ? ` (and ${String(faults.length - 1)} more)` : '';
    super('REQUEST_INVALID', `${where}${first?.message ?? 'not understood'}${more}`, {
      hint: 'The reference is docs/api.md; this server describes itself at /api/v1/openapi.json.',
    });
    this.faults = faults;
  }
}

/**
 * Reads path, query and body of a request as its endpoint has declared them.
 * @throws ApiRequestError with every fault of a part
 */
export async function readRequest(
  request: HonoRequest,
  endpoint: Endpoint,
): Promise<ApiRequest<Shape, Shape, unknown>> {
  return {
    path: checked(z.strictObject(endpoint.path ?? {}), request.param() as unknown, ''),
    query: checked(z.strictObject(endpoint.query ?? {}), queryOf(request, endpoint.query ?? {}), ''),
    body: endpoint.body === undefined ? undefined : checked(endpoint.body, await bodyOf(request), 'body'),
  };
}

function checked<Schema extends z.ZodType>(schema: Schema, given: unknown, under: string): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue): InputFault[] => {
    const path = [...(under === '' ? [] : [under]), ...issue.path.map(String)];
    if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not known here' }));
  });
  throw new ApiRequestError(faults);
}

/**
 * Where a value is given several times the last one counts, but for those that may be several.
 * @throws ApiRequestError
 */
function queryOf(request: HonoRequest, shape: Shape): Record<string, unknown> {
  const given = Object.entries(request.queries()).map(([name, values]) => {
    if (values.some((value) => value.includes('\0'))) {
      throw new ApiRequestError([{ path: name, message: 'holds U+0000, which no text of the database has' }]);
    }
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    return [name, field !== undefined && isList(field) ? values : values.at(-1)];
  });
  return Object.fromEntries(given) as Record<string, unknown>;
}

export function isList(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return isList(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodArray;
}

async function bodyOf(request: HonoRequest): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const found = text === '' ? 'nothing' : `text that is not JSON (${String(cause)})`;
    throw new ApiRequestError([{ path: 'body', message: `expected a JSON object, found ${found}` }]);
  }
}
