import { z } from 'zod';
import { softwareVersion } from '../../shared/version.js';
import { changes, type Endpoint, type Shape } from './endpoint.js';
import { sweep } from './endpoints/sweeps.js';
import { curve } from './endpoints/comparison.js';
import { worker } from './endpoints/installation.js';
import { trial, trialLine } from './endpoints/trials.js';
import { apiBase, apiError, errorsOfAll, errorsOfChanges, statusOf } from './errors.js';
import { endpoints } from './registry.js';

type Json = Record<string, unknown>;

/** Schemas that several operations share, by their names in the document. */
const named: Readonly<Record<string, z.ZodType>> = {
  Error: apiError,
  Sweep: sweep,
  Trial: trial,
  TrialLine: trialLine,
  Curve: curve,
  Worker: worker,
};

/** The OpenAPI 3.1 description of the API, made from the schemas that check its requests and answers. */
export function openApiDocument(): Json {
  const schemas = allSchemas();
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.address] = { ...paths[endpoint.address], [endpoint.method]: operation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'sigmasweep',
      version: softwareVersion,
      summary: 'Sweeps over multi-task loss weights: launch, watch, compare.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: apiBase }],
    security: [{ secret: [] }],
    tags: [...new Set(endpoints.map(({ group }) => group))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        secret: {
          type: 'http',
          scheme: 'bearer',
          description:
            'SIGMASWEEP_TOKEN lets operate, SIGMASWEEP_VIEW_TOKEN lets look; neither is needed where none is set.',
        },
      },
    },
  };
}

const bodyName = ({ name }: Endpoint): string => `${capital(name)}Request`;
const answerName = ({ name }: Endpoint): string => `${capital(name)}Answer`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** The document's name of an answer: its own, or that of what it is. */
function nameOfAnswer(endpoint: Endpoint): string {
  const known = Object.entries(named).find(([, schema]) => schema === endpoint.answer);
  return known?.[0] ?? answerName(endpoint);
}

function allSchemas(): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  // A schema that several operations have, such as the answer to a cancelled sweep and trial, gets a name for each.
  const copies = new Set<z.ZodType>(Object.values(named));
  const add = (id: string, schema: z.ZodType): void => {
    const own = copies.has(schema) ? schema.clone() : schema;
    copies.add(own);
    registry.add(own, { id });
  };
  for (const endpoint of endpoints) {
    if (endpoint.body !== undefined) add(bodyName(endpoint), endpoint.body);
    if (nameOfAnswer(endpoint) === answerName(endpoint)) add(answerName(endpoint), endpoint.answer);
  }
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => tidy(jsonSchema as Json),
  });
  const entries = Object.entries(schemas as unknown as Record<string, Json>);
  return Object.fromEntries(entries.map(([id, schema]) => [id, withoutAddress(schema)]));
}

/** Takes out what says nothing to a reader: the bounds of a double's whole numbers, and the pattern of a time. */
function tidy(schema: Json): void {
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['format'] === 'date-time') delete schema['pattern'];
}

function withoutAddress(schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}

function parameterSchema(schema: z.ZodType): Json {
  return withoutAddress(
    z.toJSONSchema(schema, { io: 'input', override: ({ jsonSchema }) => tidy(jsonSchema as Json) }),
  );
}

function parameters(place: 'path' | 'query', shape: Shape = {}): Json[] {
  return Object.entries(shape).map(([name, field]) => {
    const { description, ...schema } = parameterSchema(field);
    return {
      name,
      in: place,
      required: place === 'path' || !field.safeParse(undefined).success,
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

/** The codes of the errors that an operation may answer. */
export function errorsOf(endpoint: Endpoint): string[] {
  return [...errorsOfAll, ...(changes(endpoint) ? errorsOfChanges : []), ...(endpoint.errors ?? [])];
}

function errorAnswers(endpoint: Endpoint): Record<string, Json> {
  const codes = new Map<string, string[]>();
  for (const code of errorsOf(endpoint)) {
    const status = String(statusOf(code));
    codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...codes].map(([status, of]) => [
      status,
      { description: of.join(', '), content: { 'application/json': { schema: reference('Error') } } },
    ]),
  );
}

function operation(endpoint: Endpoint): Json {
  const { name, group, summary, description, path, query, body } = endpoint;
  return {
    operationId: name,
    tags: [group],
    summary,
    ...(description === undefined ? {} : { description }),
    parameters: [...parameters('path', path), ...parameters('query', query)],
    ...(body === undefined
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: reference(bodyName(endpoint)) } } },
        }),
    responses: {
      200: {
        description: 'Done.',
        content: { 'application/json': { schema: reference(nameOfAnswer(endpoint)) } },
      },
      ...errorAnswers(endpoint),
    },
    'x-role': changes(endpoint) ? 'operate' : 'view',
  };
}
