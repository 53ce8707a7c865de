import { commands, type CommandName } from '../messages/commands.js';
import { checkpointBucket, streams, subjects } from '../nats-names.js';

/** What a NATS user of a role may do; subjects with wildcards. Nothing else is allowed. */
export interface NatsRole {
  /** Name of the NATS user, and in it the role: answers come to inboxes that begin with it. */
  readonly user: string;
  readonly description: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Beginning of the inboxes of a user, so that no role can listen to the answers of another. */
export function inboxPrefixOf(user: string): string {
  return `_INBOX_${user}`;
}

const inboxes = (user: string): string => `${inboxPrefixOf(user)}.>`;

const commandsOfWorkers: readonly CommandName[] = ['claim'];
const commandsOfPeople = (Object.keys(commands) as CommandName[]).filter((name) => !commandsOfWorkers.includes(name));

const { trials, reports } = streams;

/** What the object store of checkpoints needs of those who write and read it; objects are deleted with more than this. */
const checkpointStream = `OBJ_${checkpointBucket}`;
const useOfCheckpoints = [
  '$JS.API.INFO',
  '$JS.API.STREAM.NAMES',
  `$JS.API.STREAM.INFO.${checkpointStream}`,
  `$JS.API.STREAM.MSG.GET.${checkpointStream}`,
  `$JS.API.CONSUMER.CREATE.${checkpointStream}`,
  `$JS.API.CONSUMER.CREATE.${checkpointStream}.>`,
  `$JS.API.CONSUMER.DELETE.${checkpointStream}.>`,
  `$JS.FC.${checkpointStream}.>`,
  `$O.${checkpointBucket}.C.*`,
  `$O.${checkpointBucket}.M.*`,
];

/**
 * The least that each part of sigmasweep needs of NATS. deploy/nats/nats.conf is made from this. A worker can pull,
 * claim and report, and be told to stop: it cannot submit or cancel, nor ring trials, read reports or change a stream.
 */
export const natsRoles = {
  coordinator: {
    user: 'coordinator',
    description: 'Coordinators make the streams, answer commands, record reports and steer workers.',
    publish: [
      ...trials.subjects,
      subjects.control('*'),
      subjects.anyChange,
      ...[trials, reports].flatMap(({ name }) => [
        `$JS.API.STREAM.*.${name}`,
        `$JS.API.CONSUMER.*.${name}.>`,
        `$JS.API.CONSUMER.MSG.NEXT.${name}.>`,
        `$JS.ACK.${name}.>`,
      ]),
      ...useOfCheckpoints,
      ...['CREATE', 'UPDATE', 'PURGE'].map((action) => `$JS.API.STREAM.${action}.${checkpointStream}`),
      // Answers to the other roles.
      inboxes('worker'),
      inboxes('client'),
    ],
    subscribe: [subjects.greeting, subjects.command('*'), subjects.presence, inboxes('coordinator')],
  },
  worker: {
    user: 'worker',
    description: 'Workers pull rings of trials, claim them, report, and store and fetch checkpoints.',
    publish: [
      `$JS.API.CONSUMER.INFO.${trials.name}.${trials.consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${trials.name}.${trials.consumer}`,
      `$JS.ACK.${trials.name}.${trials.consumer}.>`,
      subjects.greeting,
      ...commandsOfWorkers.map((name) => subjects.command(name)),
      ...reports.subjects,
      subjects.presence,
      ...useOfCheckpoints,
    ],
    subscribe: [subjects.control('*'), inboxes('worker')],
  },
  client: {
    user: 'client',
    description: 'The dashboard and the command line send the commands of people and hear what has changed.',
    publish: [subjects.greeting, ...commandsOfPeople.map((name) => subjects.command(name)), '$JS.API.INFO'],
    subscribe: [subjects.anyChange, inboxes('client')],
  },
} as const satisfies Record<string, NatsRole>;

/** The environment variable that nats-server reads a role's password from. */
export function passwordVariableOf(role: NatsRole): string {
  return `NATS_${role.user.toUpperCase()}_PASSWORD`;
}

/**
 * The configuration of a nats-server for several machines: JetStream, and one user for each role.
 * @param store folder of JetStream
 */
export function natsServerConfig(store = '/data/jetstream'): string {
  const roles: readonly NatsRole[] = Object.values(natsRoles);
  const list = (values: readonly string[]): string[] => values.map((value) => `            "${value}"`);
  const users = roles.flatMap((role) => [
    `    # ${role.description}`,
    '    {',
    `      user: ${role.user}`,
    `      password: $${passwordVariableOf(role)}`,
    '      permissions: {',
    '        publish: {',
    '          allow: [',
    ...list(role.publish),
    '          ]',
    '        }',
    '        subscribe: {',
    '          allow: [',
    ...list(role.subscribe),
    '          ]',
    '        }',
    '      }',
    '    }',
  ]);
  return [
    '# nats-server for sigmasweep: `nats-server -c nats.conf`. Generated from services/shared/nats/roles.ts.',
    `# Passwords come from ${roles.map(passwordVariableOf).join(', ')}; let each begin with a letter,`,
    '# because nats-server reads one of digits as a number.',
    '',
    'port: 4222',
    '# Large answers, such as the trials of a large sweep, are single messages.',
    'max_payload: 8MB',
    'jetstream {',
    `  store_dir: ${store}`,
    '}',
    '',
    '# TLS, with certificates beside this file. Services then connect to tls://…:4222.',
    '# tls {',
    '#   cert_file: /etc/nats/tls/tls.crt',
    '#   key_file: /etc/nats/tls/tls.key',
    '# }',
    '',
    'authorization {',
    '  users = [',
    ...users,
    '  ]',
    '}',
    '',
  ].join('\n');
}
