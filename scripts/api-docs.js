// What docs/openapi.json and docs/api.md take from the code. Needs `npm run build`.
import { errorsOfAll, errorsOfChanges } from '../dist/services/dashboard/api/errors.js';
import { openApiDocument } from '../dist/services/dashboard/api/openapi.js';

const document = openApiDocument();

export function openApiFile() {
  return JSON.stringify(document);
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (text) => `\`${text}\``;
const nameOf = (reference) => reference.split('/').at(-1);

/** What a schema holds, in words. */
function typeOf(schema) {
  if (schema.$ref !== undefined) return `[${nameOf(schema.$ref)}](#${nameOf(schema.$ref).toLowerCase()})`;
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}`;
  if (schema.format === 'date-time') return 'time';
  if (schema.type === 'object' && schema.properties !== undefined) {
    return `{ ${Object.keys(schema.properties).map(code).join(', ')} }`;
  }
  if (schema.type === 'object') return `mapping to ${typeOf(schema.additionalProperties ?? {})}`;
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  return schema.type ?? 'anything';
}

function limitsOf(schema) {
  const parts = [];
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    parts.push(`${schema.minimum} to ${schema.maximum}`);
  if (schema.default !== undefined && JSON.stringify(schema.default) !== '[]' && schema.default !== '') {
    parts.push(`default ${code(JSON.stringify(schema.default))}`);
  }
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function operationSection(method, path, operation) {
  const parameters = operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, required, schema, description = '' }) => [
      code(name),
      `${typeOf(schema)}${limitsOf(schema)}${required ? '; required' : ''}`,
      description,
    ]);
  const body = operation.requestBody?.content['application/json'].schema;
  const answer = operation.responses[200].content['application/json'].schema;
  const errors = Object.entries(operation.responses)
    .filter(([status]) => status !== '200')
    .flatMap(([, { description }]) => description.split(', '))
    .filter((name) => ![...errorsOfAll, ...errorsOfChanges].includes(name));
  return [
    `### ${operation.operationId}`,
    '',
    `${code(`${method.toUpperCase()} /api/v1${path}`)}${operation['x-role'] === 'operate' ? ' · role operate' : ''}`,
    '',
    operation.summary,
    ...(operation.description === undefined ? [] : ['', operation.description]),
    '',
    ...(parameters.length === 0 ? [] : [table(['parameter', 'value', 'meaning'], parameters), '']),
    ...(body === undefined ? [] : [`Body: ${typeOf(body)}. `]),
    `Answer: ${typeOf(answer)}.${errors.length === 0 ? '' : ` Errors: ${errors.map(code).join(', ')}.`}`,
    '',
  ].join('\n');
}

function schemaSection([name, schema]) {
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties ?? {}).map(([field, value]) => [
    code(field),
    `${typeOf(value)}${limitsOf(value)}${required.includes(field) ? '' : '; may be left out'}`,
    value.description ?? '',
  ]);
  return [
    `### ${name}`,
    '',
    ...(schema.description === undefined ? [] : [schema.description, '']),
    ...(rows.length === 0
      ? [`${schema.properties === undefined ? 'A mapping.' : 'Nothing.'}`]
      : [table(['field', 'value', 'meaning'], rows)]),
    '',
  ].join('\n');
}

function reference() {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const list = (codes) => codes.map(code).join(', ');
  return [
    `Any operation may answer with the errors ${list(errorsOfAll)}; one that needs the role operate also with ${list(errorsOfChanges)}.`,
    '',
    ...document.tags.flatMap(({ name }) => [
      `## ${name}`,
      '',
      ...operations
        .filter(({ operation }) => operation.tags[0] === name)
        .map(({ method, path, operation }) => operationSection(method, path, operation)),
    ]),
    '## What is sent and answered',
    '',
    ...Object.entries(document.components.schemas).map(schemaSection),
  ].join('\n');
}

/**
 * docs/api.md with its generated part made again.
 * @param {string} text the page as it is
 */
export function apiPage(text) {
  const marker = /(<!-- generated: reference -->)[^]*?(<!-- end -->)/;
  if (!marker.test(text)) throw new Error('docs/api.md lacks the generated part reference');
  return text.replace(marker, (_, begin, end) => `${begin}\n\n${reference()}\n${end}`);
}
