// Writes the generated pages of docs/ from the code that they describe. `node scripts/generate-docs.js --check` only
// compares, and fails when a page is out of date. Needs `npm run build`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { z } from 'zod';
import { settings } from '../dist/services/shared/config.js';
import { resultsFile, renderResults } from '../dist/bench/record.js';
import { natsServerConfig } from '../dist/services/shared/nats/roles.js';
import { apiPage, openApiFile } from './api-docs.js';
import { troubleshootingPage } from './error-docs.js';
import { schemaFile, specPage } from './spec-docs.js';
import { architecturesPage, weightingsPage } from './step-cost-docs.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A setting's default as a cell; host names and the like depend on the machine. */
function defaultOf(name, schema) {
  if (name === 'SIGMASWEEP_WORKER_NAME') return 'the host name';
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json.default === undefined ? '' : `\`${json.default}\``;
}

function configurationPage() {
  const sections = Object.entries(settings).map(([service, shape]) => {
    const rows = Object.entries(shape)
      // Where the home folder is and what PATH holds are the system's own settings.
      .filter(([name]) => !['HOME', 'PATH', 'XDG_CACHE_HOME', 'LOCALAPPDATA'].includes(name))
      .map(([name, schema]) => `| \`${name}\` | ${defaultOf(name, schema)} | ${schema.description ?? ''} |`);
    return [`## ${service}`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
  });
  return [
    '# Settings',
    '',
    'Environment variables of each service. A missing or wrong one is an error that lists all faults at once.',
    '`sigmasweep run` and `up` set those of the services that they start and hand on the others.',
    '',
    'This page is generated: `node scripts/generate-docs.js`.',
    '',
    ...sections,
  ].join('\n');
}

/** Every generated file and what makes it, from its present text where parts of it are written by hand. */
const pages = {
  'bench/RESULTS.md': () => renderResults(JSON.parse(readFileSync(resultsFile, 'utf8'))),
  'deploy/nats/nats.conf': () => natsServerConfig(),
  'docs/api.md': apiPage,
  'docs/architectures.md': architecturesPage,
  'docs/configuration.md': configurationPage,
  'docs/openapi.json': openApiFile,
  'docs/spec.md': specPage,
  'docs/sweep-spec.schema.json': schemaFile,
  'docs/troubleshooting.md': troubleshootingPage,
  'docs/weightings.md': weightingsPage,
};

const check = process.argv.includes('--check');
let outOfDate = 0;
for (const [path, make] of Object.entries(pages)) {
  const file = join(root, path);
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const made = make(present);
  const { inferredParser } = await getFileInfo(file);
  const text = inferredParser === null ? made : await format(made, { ...(await resolveConfig(file)), filepath: file });
  if (check) {
    if (present === text) continue;
    outOfDate += 1;
    process.stderr.write(`${path} is out of date: npm run build && node scripts/generate-docs.js\n`);
  } else {
    writeFileSync(file, text);
    process.stdout.write(`${path}\n`);
  }
}
process.exit(outOfDate === 0 ? 0 : 1);
