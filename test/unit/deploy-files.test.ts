import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { readConfig, type ServiceName } from '../../services/shared/config.js';
import { natsRoles } from '../../services/shared/nats/roles.js';
import { packageRoot } from '../../services/shared/version.js';

const deploy = join(packageRoot, 'deploy');
const read = (...path: string[]): string => readFileSync(join(deploy, ...path), 'utf8');

/** A container that runs a service: its program and its settings. */
interface Container {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).optional(),
    }),
  ),
});

const manifest = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string() }),
  spec: z
    .object({
      template: z
        .object({
          spec: z.object({
            containers: z.array(
              z.object({
                command: z.array(z.string()).optional(),
                env: z.array(z.object({ name: z.string(), value: z.string().optional() })).optional(),
              }),
            ),
          }),
        })
        .optional(),
    })
    .optional(),
});

function ofCompose(): [string, Container][] {
  const { services } = compose.parse(parse(read('compose', 'compose.yaml'), { merge: true }));
  return Object.entries(services).map(([name, { command = [], environment = {} }]) => [
    `compose: ${name}`,
    { command, env: environment },
  ]);
}

function ofKubernetes(): [string, Container][] {
  const files = readdirSync(join(deploy, 'kubernetes'));
  const documents = files.flatMap((file) =>
    parseAllDocuments(read('kubernetes', file)).map((one) => one.toJS() as unknown),
  );
  return documents.flatMap((document) => {
    const { kind, metadata, spec } = manifest.parse(document);
    return (spec?.template?.spec.containers ?? []).map(({ command = [], env = [] }): [string, Container] => [
      `kubernetes: ${kind} ${metadata.name}`,
      {
        command,
        env: Object.fromEntries(env.map(({ name, value = 'from a secret of the cluster' }) => [name, value])),
      },
    ]);
  });
}

const isService = ([, { command }]: [string, Container]): boolean => command[0] === 'node';
const containers = [...ofCompose(), ...ofKubernetes()].filter(isService);

describe('the files of deploy/', () => {
  it('run every service, by compose and by Kubernetes', () => {
    const programs = containers.map(([where, { command }]) => `${where.split(':')[0] ?? ''} ${command[1] ?? ''}`);
    for (const service of ['coordinator', 'dashboard', 'worker']) {
      expect(programs).toContain(`compose dist/services/${service}/main.js`);
      expect(programs).toContain(`kubernetes dist/services/${service}/main.js`);
    }
  });

  it.each(containers)('%s has settings that its service takes, and no others', (_where, { command, env }) => {
    const service = /services\/(\w+)\/main\.js$/.exec(command[1] ?? '')?.[1] as ServiceName;
    // Passwords that make up an address are no settings of the service.
    const given = Object.fromEntries(Object.entries(env).filter(([name]) => !name.endsWith('_PASSWORD')));
    expect(Object.keys(readConfig(service, given))).toEqual(expect.arrayContaining(Object.keys(given)));
  });

  it.each(containers)('%s connects to NATS as its role', (_where, { command, env }) => {
    const service = /services\/(\w+)\/main\.js$/.exec(command[1] ?? '')?.[1];
    const role = service === 'dashboard' ? natsRoles.client : natsRoles[service as 'coordinator' | 'worker'];
    expect(env['NATS_URL']).toMatch(new RegExp(`^nats://${role.user}:`));
  });

  it('name every password in the example of the environment', () => {
    const asked = [...read('compose', 'compose.yaml').matchAll(/\$\{(\w+)/g)].map((match) => match[1]);
    const named = [...read('compose', 'env.example').matchAll(/^(\w+)=/gm)].map((match) => match[1]);
    expect([...new Set(asked)].sort()).toEqual(named.sort());
  });

  it('list every manifest in the kustomization', () => {
    const { resources } = z.object({ resources: z.array(z.string()) }).parse(parse(read('kustomization.yaml')));
    const files = readdirSync(join(deploy, 'kubernetes')).filter((file) => !file.includes('.example.'));
    expect([...resources].sort()).toEqual(files.map((file) => `kubernetes/${file}`).sort());
  });
});
