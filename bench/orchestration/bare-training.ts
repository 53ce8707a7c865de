/** The training loop without an orchestrator, for benchmarks: trains each configuration that it is sent, and says what it used. */
import { trialConfig, type TrialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { train } from '../../services/worker/trainer/train.js';
import { WorkloadCache } from '../../services/worker/trainer/workload-cache.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';

export interface BareResult {
  /** Seconds on the clock, and of processor time. */
  readonly wall: number;
  readonly processor: number;
}

const cache = new WorkloadCache({ cacheFolder: process.env['BENCH_CACHE'] ?? '' });
const { backend } = await openBackend('wasm', undefined, 1);

async function measure(config: TrialConfig): Promise<BareResult> {
  const [wall, used] = [performance.now(), process.cpuUsage()];
  const context = {
    kinds: taskKindImplementations,
    backend,
    say: () => undefined,
    signal: new AbortController().signal,
  };
  await train(config, { ...context, workload: await cache.open('street-scenes', config.data) });
  const { user, system } = process.cpuUsage(used);
  return { wall: (performance.now() - wall) / 1000, processor: (user + system) / 1e6 };
}

process.on('message', (message) => {
  void measure(trialConfig.parse(message)).then((result) => process.send?.(result));
});
process.on('SIGTERM', () => process.exit(0));
process.send?.('ready');
