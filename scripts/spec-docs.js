// What docs/spec.md and docs/sweep-spec.schema.json take from the code. Needs `npm run build`.
import { encoders } from '../dist/services/shared/catalog/encoders.js';
import { models } from '../dist/services/shared/catalog/models.js';
import { optimizers } from '../dist/services/shared/catalog/optimizers.js';
import { derivedRows } from '../dist/services/shared/catalog/derived-rows.js';
import { samplers } from '../dist/services/shared/catalog/samplers.js';
import { stoppingRules } from '../dist/services/shared/catalog/stopping-rules.js';
import { weightings } from '../dist/services/shared/catalog/weightings.js';
import { metricsOfKind } from '../dist/services/shared/catalog/metrics.js';
import { workloads } from '../dist/services/shared/catalog/workloads.js';
import { errorClasses, errorClassInfo } from '../dist/services/shared/schedule/retries.js';
import { sweepSpecJsonSchema } from '../dist/services/shared/sweep-spec/json-schema.js';

const schema = sweepSpecJsonSchema();
const [anyWorkload] = schema.oneOf;

export function schemaFile() {
  return JSON.stringify(schema);
}

const number = (value) => (value >= 1e4 ? value.toLocaleString('en-US') : String(value));
const code = (value) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

/** What a JSON Schema allows, in words. */
function allowed(node) {
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  if (node.type === 'boolean') return '`true`, `false`';
  if (node.type === 'integer' || node.type === 'number') {
    const noun = node.type === 'integer' ? 'whole number' : 'number';
    const multiple = node.multipleOf === undefined ? '' : `, multiple of ${node.multipleOf}`;
    return `${noun}, ${range(node)}${multiple}`;
  }
  if (node.type === 'string')
    return node.maxLength === undefined ? 'text' : `text of at most ${node.maxLength} characters`;
  if (node.type === 'array')
    return `list${node.items.type === 'object' || node.items.oneOf ? '' : ` of: ${allowed(node.items)}`}`;
  return 'mapping';
}

function range(node) {
  const low = node.minimum ?? node.exclusiveMinimum;
  const high = node.maximum ?? node.exclusiveMaximum;
  const from = node.minimum === undefined ? `above ${number(low)}` : number(low);
  const to = node.maximum === undefined ? `below ${number(high)}` : number(high);
  return `${from} to ${to}`;
}

function byDefault(name, node, required) {
  if (required.includes(name)) return 'required';
  if (node.default === undefined || JSON.stringify(node.default) === '{}') return '';
  return code(node.default);
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Sections of the page that explain a field. */
const sections = {
  grid: 'grid-fixed-weights',
  search: 'search',
  weightings: 'weightings',
  baselines: 'baselines-and-δm',
  data: 'workloads',
  model: 'models',
  models: 'models',
  encoder: 'encoders',
  optimizer: 'optimizers',
  quick: 'quick',
  transfer: 'transfer',
  tuning: 'tuning',
  uncertainty: 'uncertainty',
  stopping: 'early-stopping',
  checkpoint: 'checkpoints',
  schedule: 'scheduling',
  limits: 'limits',
};

/** A table of the fields of a mapping. */
function fieldTable({ properties, required = [] }, skipped = [], links = {}) {
  const rows = Object.entries(properties)
    .filter(([name]) => !skipped.includes(name))
    .map(([name, node]) => [
      links[name] === undefined ? code(name) : `[${code(name)}](#${links[name]})`,
      allowed(node),
      byDefault(name, node, required),
      node.description ?? '',
    ]);
  return table(['field', 'allowed', 'default', 'meaning'], rows);
}

/** Classes of errors with their usual pause, then the fields of one. */
function retryTable() {
  const { properties } = anyWorkload.properties.schedule.properties.retries;
  const rows = errorClasses.map((name) => {
    const { label, codes, backoffSeconds } = errorClassInfo[name];
    return [code(name), label, codes.map(code).join(', '), code(backoffSeconds)];
  });
  const [one] = Object.values(properties);
  const fields = fieldTable({ ...one, properties: withoutDefault(one.properties, 'backoffSeconds') });
  return [table(['class', 'what it is', 'codes', '`backoffSeconds`'], rows), '', fields].join('\n');
}

function withoutDefault(properties, name) {
  const rest = { ...properties[name] };
  delete rest.default;
  return { ...properties, [name]: rest };
}

const capital = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

/** A heading and a table of options for each entry of a catalog. */
function catalogSections(catalog, nodes, nameField, skipped = []) {
  return Object.entries(catalog)
    .map(([name, info]) => {
      const node = nodes.find((one) => one.properties[nameField].const === name);
      const options = Object.keys(node.properties).some((option) => option !== nameField && !skipped.includes(option));
      const about = [
        `#### \`${name}\``,
        '',
        `${capital(info.label)}. ${info.description ?? ''} Source: ${info.source}.`,
      ];
      return [...about, '', options ? fieldTable(node, [nameField, ...skipped]) : 'No options of its own.'].join('\n');
    })
    .join('\n\n');
}

function workloadSections() {
  return Object.entries(workloads)
    .map(([name, info]) => {
      const node = schema.oneOf.find((one) => one.properties.workload.const === name);
      const tasks = info.tasks.map((task) => [
        code(task.name),
        task.label,
        metricsOfKind[task.kind]
          .map(({ label, unit, better }) => `${label}${unit === '' ? '' : ` in ${unit}`} (${better} is better)`)
          .join('; '),
      ]);
      return [
        `#### \`${name}\``,
        '',
        info.description,
        '',
        table(['task', 'shown as', 'metrics; the table and Δm use the first'], tasks),
        '',
        '`data:` has these options:',
        '',
        fieldTable(node.properties.data),
      ].join('\n');
    })
    .join('\n\n');
}

/** The generated parts of docs/spec.md by the name in their marker. */
const parts = {
  fields: () => fieldTable(anyWorkload, ['$schema'], sections),
  simplex: () => fieldTable(anyWorkload.properties.grid.properties.simplex),
  workloads: workloadSections,
  augment: () => fieldTable(anyWorkload.properties.data.properties.augment),
  weightings: () =>
    catalogSections({ ...weightings, ...derivedRows }, anyWorkload.properties.weightings.items.oneOf, 'method', [
      'tasks',
      'subsets',
      'label',
    ]),
  models: () => catalogSections(models, anyWorkload.properties.model.oneOf, 'name'),
  encoders: () => catalogSections(encoders, anyWorkload.properties.model.oneOf[0].properties.encoder.oneOf, 'name'),
  optimizers: () => catalogSections(optimizers, anyWorkload.properties.optimizer.oneOf, 'name'),
  search: () => catalogSections(samplers, anyWorkload.properties.search.oneOf, 'sampler'),
  tuning: () => fieldTable(anyWorkload.properties.tuning),
  stopping: () => catalogSections(stoppingRules, anyWorkload.properties.stopping.oneOf, 'rule'),
  checkpoint: () => fieldTable(anyWorkload.properties.checkpoint),
  schedule: () => fieldTable(anyWorkload.properties.schedule),
  scheduleRequires: () => fieldTable(anyWorkload.properties.schedule.properties.requires),
  scheduleBudget: () => fieldTable(anyWorkload.properties.schedule.properties.budget),
  scheduleRetries: retryTable,
  transfer: () => fieldTable(anyWorkload.properties.transfer),
  uncertainty: () => fieldTable(anyWorkload.properties.uncertainty),
  limits: () => fieldTable(anyWorkload.properties.limits),
};

/**
 * docs/spec.md with its generated parts made again; what is between them is written by hand.
 * @param {string} text the page as it is
 */
export function specPage(text) {
  const missing = new Set(Object.keys(parts));
  const page = text.replace(/(<!-- generated: (\w+) -->)[^]*?(<!-- end -->)/g, (_, begin, name, end) => {
    if (!missing.delete(name)) throw new Error(`docs/spec.md: no generated part is called ${name}, or it comes twice`);
    return `${begin}\n\n${parts[name]()}\n\n${end}`;
  });
  if (missing.size > 0) throw new Error(`docs/spec.md lacks the generated parts ${[...missing].join(', ')}`);
  return page;
}
