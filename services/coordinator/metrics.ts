import { Counter, Gauge, Histogram } from 'prom-client';
import { waitReasons, type QueuedSweep } from '../shared/schedule/queue.js';
import type { Standstill } from './loops/standstill.js';
import { createRegistry, timeBuckets } from '../shared/monitoring/metrics.js';

export const registry = createRegistry('coordinator');
const registers = [registry];

/** What the coordinator counts; docs/monitoring.md is the list for people. */
export const metrics = {
  commands: new Counter({
    name: 'sigmasweep_commands_total',
    help: 'Requests that were answered, by command and by code (ok, or that of the refusal).',
    labelNames: ['command', 'code'] as const,
    registers,
  }),
  commandSeconds: new Histogram({
    name: 'sigmasweep_command_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['command'] as const,
    buckets: timeBuckets,
    registers,
  }),
  claims: new Counter({
    name: 'sigmasweep_claims_total',
    help: 'Claims of workers, by result: granted, refused, or left to a worker that has what the trial needs.',
    labelNames: ['result'] as const,
    registers,
  }),
  leasesExpired: new Counter({
    name: 'sigmasweep_leases_expired_total',
    help: 'Attempts that were ended because their worker was not heard of for the length of a lease.',
    registers,
  }),
  stoppedEarly: new Counter({
    name: 'sigmasweep_stopped_early_total',
    help: 'Trials that early stopping has judged and ended; those of further seeds that end with them are not counted.',
    registers,
  }),
  reports: new Counter({
    name: 'sigmasweep_reports_recorded_total',
    help: 'Reports of workers that are recorded.',
    registers,
  }),
  points: new Counter({
    name: 'sigmasweep_points_recorded_total',
    help: 'Numbers in the recorded reports.',
    registers,
  }),
  deadLetters: new Counter({
    name: 'sigmasweep_dead_letters_total',
    help: 'Reports that could not be understood or stored, and were kept as dead letters.',
    registers,
  }),
  reportLag: new Histogram({
    name: 'sigmasweep_report_lag_seconds',
    help: 'Time from the arrival of a report in the stream to its commit.',
    buckets: [...timeBuckets, 60, 300, 1800],
    registers,
  }),
  consumersMadeAnew: new Counter({
    name: 'sigmasweep_consumers_made_anew_total',
    help: 'Consumers of NATS streams that no longer fitted their stream, after a crash of nats-server, and were made anew.',
    labelNames: ['stream'] as const,
    registers,
  }),
  passesGivenUp: new Counter({
    name: 'sigmasweep_passes_given_up_total',
    help: 'Passes of a loop that made no progress, and were given up and begun anew.',
    labelNames: ['loop'] as const,
    registers,
  }),
  loopFailures: new Counter({
    name: 'sigmasweep_loop_failures_total',
    help: 'Passes of a loop that failed and were repeated.',
    labelNames: ['loop'] as const,
    registers,
  }),
};

/**
 * Gauges of what waits and for what, and of what runs of each sweep that is not over.
 * @param read asked when somebody looks; while it fails, the gauges say nothing
 */
export function registerQueue(read: () => Promise<readonly QueuedSweep[]>): void {
  let last: { readonly at: number; readonly sweeps: Promise<readonly QueuedSweep[]> } | undefined;
  // Both gauges of one scrape are one reading.
  const reading = (): Promise<readonly QueuedSweep[]> => {
    const now = performance.now();
    if (last === undefined || now - last.at > 500) last = { at: now, sweeps: read() };
    return last.sweeps;
  };
  const collected = (gauge: Gauge, fill: (sweeps: readonly QueuedSweep[]) => void): Promise<void> => {
    gauge.reset();
    return reading().then(fill, () => undefined);
  };
  new Gauge({
    name: 'sigmasweep_queue_trials',
    help: `Trials that wait, by reason: ${waitReasons.join(', ')}.`,
    labelNames: ['reason'] as const,
    registers,
    async collect() {
      await collected(this, (sweeps) => {
        for (const reason of waitReasons) this.set({ reason }, 0);
        for (const { reason, trials } of sweeps.flatMap(({ waits }) => waits)) this.inc({ reason }, trials);
      });
    },
  });
  new Gauge({
    name: 'sigmasweep_sweep_running_trials',
    help: 'Trials at once of each sweep that is not over.',
    labelNames: ['sweep'] as const,
    registers,
    async collect() {
      await collected(this, (sweeps) => {
        for (const { sweepId: sweep, running } of sweeps) this.set({ sweep }, running);
      });
    },
  });
}

/** What is asked when somebody looks. */
export interface Depths {
  /** Trials that are not terminal, by state. */
  readonly trials: () => Promise<ReadonlyMap<string, number>>;
  readonly rings: () => Promise<number>;
  readonly reports: () => Promise<Standstill>;
}

/** Gauges of what waits. One that cannot be read, as while a server is away, is left out: 0 would be a lie. */
export function registerDepths({ trials, rings, reports }: Depths): void {
  const gauge = (
    name: string,
    help: string,
    read: (gauge: Gauge<'state'>) => Promise<void>,
    labelNames: 'state'[] = [],
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        try {
          await read(this);
        } catch {
          if (labelNames.length > 0) this.reset();
          else this.remove();
        }
      },
    });
  gauge(
    'sigmasweep_trials',
    'Trials that are queued or running.',
    async (one) => {
      const counts = await trials();
      for (const state of ['queued', 'running']) one.set({ state }, counts.get(state) ?? 0);
    },
    ['state'],
  );
  gauge('sigmasweep_rings_waiting', 'Announcements of trials that no worker has taken.', async (one) =>
    one.set(await rings()),
  );
  gauge('sigmasweep_reports_waiting', 'Reports in the stream that are not recorded.', async (one) =>
    one.set((await reports()).messages),
  );
  gauge(
    'sigmasweep_reports_standstill_seconds',
    'For how long reports wait and none is recorded, by any coordinator.',
    async (one) => one.set((await reports()).forMs / 1000),
  );
}
