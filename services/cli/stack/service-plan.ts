import { join, resolve } from 'node:path';
import { natsFiles } from '../../shared/config.js';
import { packageRoot } from '../../shared/version.js';
import type { StackOptions } from '../verbs/stack-options.js';

/** Where the two servers are reached, with their passwords. */
export interface Addresses {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** One service that should run on this machine. */
export interface PlannedService {
  readonly name: string;
  /** Path of its compiled main.js. */
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Settings that the person asked for, by option; only shown and compared. */
  readonly asked: Readonly<Record<string, string>>;
  readonly readyWithinMs: number;
}

/** What the plan is made from besides the options of the command. */
export interface PlanContext {
  readonly addresses: Addresses;
  /** The environment of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Port of the dashboard without --port. */
  readonly port: number;
  /** Folder for decoded data sets. */
  readonly cache: string;
}

/** Names of the services that are not workers. */
export const coordinatorName = 'coordinator';
export const dashboardName = 'dashboard';

/** The name of a worker, counted from 1. */
export const workerName = (number: number) => `worker-${number}`;

/** Path of a service's program. */
export function serviceScript(service: 'coordinator' | 'worker' | 'dashboard'): string {
  return join(packageRoot, 'dist', 'services', service, 'main.js');
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined || path === '' ? undefined : resolve(path);
}

/**
 * The services of a stack in waves: those of a wave start at the same time, after those of the wave before are ready.
 * The coordinator is first, because it makes the tables and the streams. A worker gets no password but that of NATS.
 */
export function planServices(options: StackOptions, context: PlanContext): readonly (readonly PlannedService[])[] {
  const { environment } = context;
  const { databaseUrl, natsUrl } = context.addresses;
  // Services run in another folder than the person.
  const files = Object.fromEntries(Object.keys(natsFiles).map((name) => [name, absolute(environment[name])]));
  const both = { ...environment, ...files, DATABASE_URL: databaseUrl, NATS_URL: natsUrl };
  const coordinator: PlannedService = {
    name: coordinatorName,
    script: serviceScript('coordinator'),
    env: { ...both, ...monitoringPort(environment, 0) },
    asked: {},
    readyWithinMs: 60_000,
  };
  const dashboard: PlannedService = {
    name: dashboardName,
    script: serviceScript('dashboard'),
    env: { ...both, SIGMASWEEP_PORT: String(options.port ?? context.port), ...monitoringPort(environment, 1) },
    asked: options.port === undefined ? {} : { port: String(options.port) },
    readyWithinMs: 30_000,
  };
  const workers = Array.from({ length: options.workers }, (_, index): PlannedService => ({
    name: workerName(index + 1),
    script: serviceScript('worker'),
    env: {
      ...environment,
      DATABASE_URL: undefined,
      SIGMASWEEP_TOKEN: undefined,
      NATS_URL: natsUrl,
      ...files,
      SIGMASWEEP_WORKER_NAME: workerName(index + 1),
      SIGMASWEEP_SLOTS: String(options.slots),
      SIGMASWEEP_BACKEND: options.backend,
      ...(options.label === undefined ? {} : { SIGMASWEEP_LABELS: options.label.join() }),
      SIGMASWEEP_CACHE: context.cache,
      // The worker runs in another folder than the person.
      SIGMASWEEP_DATA: absolute(environment['SIGMASWEEP_DATA']),
      SIGMASWEEP_COMMANDS: absolute(environment['SIGMASWEEP_COMMANDS']),
      SIGMASWEEP_WORKLOADS_FOLDER: absolute(environment['SIGMASWEEP_WORKLOADS_FOLDER'] ?? '.'),
      ...monitoringPort(environment, index + 2),
    },
    asked: {
      ...(options.slots === 0 ? {} : { slots: String(options.slots) }),
      ...(options.backend === 'auto' ? {} : { backend: options.backend }),
      ...(options.label === undefined ? {} : { label: options.label.join() }),
    },
    // It tries native backends in processes of their own first.
    readyWithinMs: 180_000,
  }));
  return [[coordinator], [dashboard, ...workers]];
}

/** Processes of one machine cannot share a port: each of them takes the next one. */
function monitoringPort(
  environment: Readonly<Record<string, string | undefined>>,
  place: number,
): Readonly<Record<string, string>> {
  const first = Number(environment['SIGMASWEEP_MONITORING_PORT']);
  return Number.isInteger(first) && first > 0 ? { SIGMASWEEP_MONITORING_PORT: String(first + place) } : {};
}
