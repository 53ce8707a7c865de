import { Counter, Gauge, Histogram } from 'prom-client';
import { createRegistry, timeBuckets } from '../../shared/monitoring/metrics.js';

export const registry = createRegistry('worker');
const registers = [registry];

/** What a worker counts; docs/monitoring.md is the list for people. */
export const metrics = {
  slots: new Gauge({ name: 'sigmasweep_worker_slots', help: 'Trials that it trains at once.', registers }),
  busySlots: new Gauge({
    name: 'sigmasweep_worker_slots_busy',
    help: 'Slots that train or report a trial.',
    registers,
  }),
  steps: new Counter({
    name: 'sigmasweep_worker_steps_total',
    help: 'Optimizer steps of all its trials; its rate is the step rate.',
    registers,
  }),
  attempts: new Counter({
    name: 'sigmasweep_worker_attempts_total',
    help: 'Attempts that ended, by how: succeeded, failed, handed-back or abandoned.',
    labelNames: ['end'] as const,
    registers,
  }),
  claimSeconds: new Histogram({
    name: 'sigmasweep_worker_claim_seconds',
    help: 'Time from a claim to its answer.',
    buckets: timeBuckets,
    registers,
  }),
  reportSeconds: new Histogram({
    name: 'sigmasweep_worker_report_seconds',
    help: 'Time from sending a report to its acknowledgement by the stream.',
    buckets: timeBuckets,
    registers,
  }),
  reportFailures: new Counter({
    name: 'sigmasweep_worker_report_failures_total',
    help: 'Reports that were not acknowledged and were sent again.',
    registers,
  }),
};
