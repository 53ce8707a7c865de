import type { BenchRecord } from './record.js';

interface Benchmark {
  run(): Promise<readonly BenchRecord[]>;
}

/** Every benchmark by name, loaded when it is run. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  'training-step': () => import('./training-step.js'),
  'weighting-step': () => import('./weighting-step.js'),
  'architecture-step': () => import('./architecture-step.js'),
  'product-step': () => import('./product-step.js'),
  'steady-memory': () => import('./steady-memory.js'),
  'quick-sweep': () => import('./quick-sweep.js'),
  'ray-sweep': () => import('./ray-sweep.js'),
  'ray-sweep-middle': async () => (await import('./ray-sweep.js')).middle,
  'sweep-page': () => import('./sweep-page.js'),
  'live-lag': () => import('./live-lag.js'),
  'dashboard-memory': () => import('./dashboard-memory.js'),
  asha: () => import('./asha.js'),
  engines: () => import('./engines.js'),
  'fault-schedule': () => import('./fault-schedule.js'),
  'no-op-trials': () => import('./no-op-trials.js'),
  ingest: () => import('./ingest.js'),
  'claim-latency': () => import('./claim-latency.js'),
  'sweep-size': () => import('./sweep-size.js'),
  overhead: () => import('./overhead.js'),
  'data-throughput': () => import('./data-throughput.js'),
};
