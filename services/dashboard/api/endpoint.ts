import type { z } from 'zod';
import type { Dependencies } from '../dependencies.js';

export type Shape = Readonly<Record<string, z.ZodType>>;
type Read<Fields extends Shape> = { readonly [Name in keyof Fields]: z.output<Fields[Name]> };

/** What an endpoint is given: each part has passed its schema. */
export interface ApiRequest<Path extends Shape, Query extends Shape, Body> {
  readonly path: Read<Path>;
  readonly query: Read<Query>;
  readonly body: Body;
}

/** One operation of the API, as data: the routes, the OpenAPI document and its page are made from these. */
export interface Endpoint<
  Path extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> {
  /** `operationId` of the document. */
  readonly name: string;
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** Below `/api/v1`, with parameters as `{sweepId}`. */
  readonly address: string;
  readonly group: string;
  /** What it does, in a line; and what else a caller has to know. */
  readonly summary: string;
  readonly description?: string;
  readonly path?: Path;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  /** Codes of the errors that it has beside those of all. */
  readonly errors?: readonly string[];
  handle(
    dependencies: Dependencies,
    request: ApiRequest<Path, Query, z.output<Body>>,
  ): Promise<z.input<Answer>> | z.input<Answer>;
}

/** Checks an endpoint's parts against each other and forgets their types, for the list of all. */
export function endpoint<Path extends Shape, Query extends Shape, Body extends z.ZodType, Answer extends z.ZodType>(
  definition: Endpoint<Path, Query, Body, Answer>,
): Endpoint {
  return definition;
}

/** Whether an operation changes something, so that only who may operate may call it. */
export function changes({ method, name }: Pick<Endpoint, 'method' | 'name'>): boolean {
  return method !== 'get' && name !== 'checkSpec';
}
