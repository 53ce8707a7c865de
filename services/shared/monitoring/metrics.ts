import { collectDefaultMetrics, Registry } from 'prom-client';

/** The metrics of a service's process, with those of Node itself (memory, event loop, garbage collection). */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Bounds of time histograms, seconds: from a claim on an idle machine to a lease. */
export const timeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
