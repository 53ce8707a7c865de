import { hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { SigmasweepError } from './errors.js';
import { logLevels } from './log.js';
import { mostLabels, workerLabel } from './schedule/options.js';
import { backendRequests } from './trial-config.js';
import { packageRoot } from './version.js';

const databaseUrl = z
  .string('is missing')
  .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://')
  .describe('PostgreSQL, for example postgresql://user:password@host:5432/sigmasweep');

const natsUrl = z
  .string('is missing')
  .regex(/^(nats|tls|ws|wss):\/\//, 'must start with nats:// or tls://')
  .describe(
    'NATS with JetStream, for example nats://token@host:4222; tls:// for an encrypted connection; with commas between several servers of a cluster.',
  );

const file = z.string().min(1).optional();
/** What the tools of NATS itself read from the same variables. */
export const natsFiles = {
  NATS_CA: file.describe('File with the certificate of the authority that signed the one of a tls:// server.'),
  NATS_CERT: file.describe('File with the certificate that a tls:// server asks of its clients.'),
  NATS_KEY: file.describe('File with the key of that certificate.'),
  NATS_CREDS: file.describe('File with credentials (JWT and key), when NATS_URL has none.'),
  NATS_NKEY: file.describe('File with the seed of an NKey, when NATS_URL has no credentials.'),
};

const seconds = (fallback: number) => z.coerce.number().positive().max(86_400).default(fallback);
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const dataRoot = z
  .string()
  .min(1)
  .optional()
  .describe(
    'Folder of data sets, the data root: `folder` of a spec names a folder under it, and nothing else is read.',
  );
const ownWorkloads = {
  SIGMASWEEP_WORKLOADS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    )
    .describe(
      'Workloads of your own that the worker brings along: files (`./wine.ts`) and npm packages, between commas. See docs/own-workload.md.',
    ),
  SIGMASWEEP_WORKLOADS_FOLDER: z
    .string()
    .min(1)
    .default('.')
    .describe('Folder that the files and packages of SIGMASWEEP_WORKLOADS are looked for from.'),
};
const logLevel = z
  .enum(logLevels)
  .default('info')
  .describe(`One of ${logLevels.join(', ')}.`);

const checkpointPlace = z
  .string()
  .refine((text) => text === 'nats' || isAbsolute(text), 'must be "nats" or the absolute path of a folder')
  .default('nats')
  .describe(
    'Where checkpoints are kept: "nats", or the path of a folder that coordinator and workers share, the same for all.',
  );

/** Off unless a port is set: whoever reaches it sees how much is trained, though no names and no numbers of trials. */
const monitoring = {
  SIGMASWEEP_MONITORING_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of `/healthz`, `/readyz` and `/metrics`; 0 = any free one; unset = none. See docs/monitoring.md.'),
  SIGMASWEEP_MONITORING_HOST: z.string().min(1).default('127.0.0.1').describe('Address that port is opened on.'),
};

/** Every setting that is read from the environment, by service. The documentation's table is made from this. */
export const settings = {
  coordinator: {
    DATABASE_URL: databaseUrl,
    NATS_URL: natsUrl,
    ...natsFiles,
    SIGMASWEEP_NATS_REPLICAS: z.coerce
      .number()
      .int()
      .min(1)
      .max(5)
      .default(1)
      .describe(
        'Servers of a NATS cluster that each keep a copy of streams and checkpoints; 3 survive the loss of one.',
      ),
    SIGMASWEEP_LEASE_SECONDS: seconds(30).describe('A running trial without a report for this long is queued again.'),
    SIGMASWEEP_CHECKPOINTS: checkpointPlace,
    SIGMASWEEP_CHECKPOINT_GIB: z.coerce
      .number()
      .positive()
      .max(100_000)
      .default(4)
      .describe('Room for checkpoints in NATS, GiB; full, no more are kept and training goes on.'),
    ...monitoring,
    SIGMASWEEP_LOG_LEVEL: logLevel,
  },
  worker: {
    NATS_URL: natsUrl,
    ...natsFiles,
    SIGMASWEEP_WORKER_NAME: z.string().min(1).max(200).default(hostname()).describe('Shown in the dashboard.'),
    SIGMASWEEP_SLOTS: z.coerce
      .number()
      .int()
      .min(0)
      .max(256)
      .default(0)
      .describe('Trials at once; 0 = as many as fit.'),
    SIGMASWEEP_BACKEND: z
      .enum(backendRequests)
      .default('auto')
      .describe(`TensorFlow.js backend: ${backendRequests.join(', ')}.`),
    SIGMASWEEP_LABELS: z
      .string()
      .default('')
      .transform((text) => [...new Set(text.split(',').map((label) => label.trim()))].filter((label) => label !== ''))
      .pipe(z.array(workerLabel).max(mostLabels))
      .describe(
        'Words with commas between them that sweeps may ask for by `schedule.requires.labels`, for example `a100,lab-2`.',
      ),
    SIGMASWEEP_CACHE: z.string().min(1).default('.sigmasweep/cache').describe('Folder for decoded data sets.'),
    SIGMASWEEP_CHECKPOINTS: checkpointPlace,
    ...monitoring,
    SIGMASWEEP_COMMANDS: z
      .string()
      .optional()
      .describe('File that names the programs which this worker may run for workload `command`; unless set, none.'),
    SIGMASWEEP_DATA: dataRoot,
    ...ownWorkloads,
    SIGMASWEEP_NETWORKS: z
      .string()
      .min(1)
      .default('.sigmasweep/networks')
      .describe('Folder of checkpoint files that `transfer.file` of a spec may name.'),
    SIGMASWEEP_LINKED: z
      .string()
      .optional()
      .describe(
        "Folder of linked TensorFlow libraries; unless set, `.sigmasweep/linked` in the software's own folder.",
      ),
    SIGMASWEEP_LOG_LEVEL: logLevel,
  },
  dashboard: {
    DATABASE_URL: databaseUrl,
    NATS_URL: natsUrl,
    ...natsFiles,
    SIGMASWEEP_HOST: z.string().min(1).default('127.0.0.1').describe('Address the dashboard listens on.'),
    SIGMASWEEP_PORT: port(4600).describe('Port of the dashboard; 0 = any free one.'),
    SIGMASWEEP_TOKEN: z
      .string()
      .min(16)
      .optional()
      .describe('Secret that lets people operate; without one the dashboard listens on loopback only.'),
    SIGMASWEEP_VIEW_TOKEN: z
      .string()
      .min(16)
      .optional()
      .describe('Secret that lets people look at everything and change nothing.'),
    SIGMASWEEP_SESSION_HOURS: z.coerce
      .number()
      .positive()
      .max(8760)
      .default(12)
      .describe('How long a login lasts, in hours.'),
    SIGMASWEEP_PROXIES: z.coerce
      .number()
      .int()
      .min(0)
      .max(10)
      .default(0)
      .describe('Proxies before the dashboard; the client’s address is then taken from X-Forwarded-For.'),
    ...monitoring,
    SIGMASWEEP_LOG_LEVEL: logLevel,
  },
  cli: {
    DATABASE_URL: databaseUrl.optional(),
    NATS_URL: natsUrl.optional(),
    ...natsFiles,
    SIGMASWEEP_STATE: z.string().min(1).default('.sigmasweep').describe('Folder of everything that is kept.'),
    SIGMASWEEP_PORT: port(4600).describe('Port of the dashboard that `run` and `up` start.'),
    SIGMASWEEP_TOKEN: z
      .string()
      .min(16)
      .optional()
      .describe('A secret of the dashboard that `report` asks; the one that lets view is enough.'),
    SIGMASWEEP_DATA: dataRoot,
    ...ownWorkloads,
    XDG_CACHE_HOME: z.string().optional(),
    HOME: z.string().optional(),
    LOCALAPPDATA: z.string().optional(),
    PATH: z.string().default(''),
  },
} as const;

export type ServiceName = keyof typeof settings;
export type Config<Name extends ServiceName> = z.output<z.ZodObject<(typeof settings)[Name]>>;

/**
 * Reads a service's settings.
 * @param environment normally `process.env`
 * @throws SigmasweepError CONFIG_INVALID that lists every fault at once; values are not shown, they can be secret
 */
export function readConfig<Name extends ServiceName>(
  service: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config<Name> {
  const known = Object.keys(settings[service]);
  const given = Object.fromEntries(
    known.map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  const parsed = z.object(settings[service]).safeParse(given);
  if (parsed.success) return parsed.data as unknown as Config<Name>;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  throw new SigmasweepError('CONFIG_INVALID', `The ${service}'s settings have faults: ${faults.join('; ')}`, {
    hint: 'Set these environment variables; docs/configuration.md explains each.',
  });
}

/** What native libraries read from the environment when they are loaded, and processes that are started inherit. */
export const libraryEnvironment: NodeJS.ProcessEnv = process.env;

/**
 * Where the native packages' links to installed TensorFlows are kept. Beside the software and not in node_modules, which
 * `npm ci` empties, nor in a sweep's folder: a worker finds it wherever it is started.
 */
export function linkedLibrariesFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const given = environment['SIGMASWEEP_LINKED'];
  return given === undefined || given === '' ? join(packageRoot, '.sigmasweep', 'linked') : resolve(given);
}
