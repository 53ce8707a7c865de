/**
 * Where the time of a training step goes: each kernel by the shapes of its inputs.
 *
 *   node dist/bench/profile-step.js                                 the product's own step, two tasks, on wasm
 *   node dist/bench/profile-step.js --network middle                the network of bench/training-step.ts
 *   node dist/bench/profile-step.js --backend tfjs-node --by kernel
 */
import { parseArgs } from 'node:util';
import { openBackend, parseBackendRequest } from '../services/worker/backends/choose.js';
import { profileKernels, type KernelCost } from './kernel-profile.js';
import { openProductStep } from './product-step.js';
import { openMiddleStep } from './training-step.js';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'wasm' },
    network: { type: 'string', default: 'product' },
    tasks: { type: 'string', default: 'semantic,depth' },
    batch: { type: 'string', default: '4' },
    steps: { type: 'string', default: '20' },
    by: { type: 'string', default: 'shape' },
    rows: { type: 'string', default: '40' },
  },
});

/** Adds up the costs of a kernel over all shapes. */
function byKernel(costs: readonly KernelCost[]): KernelCost[] {
  const sums = new Map<string, KernelCost>();
  for (const cost of costs) {
    const sum = sums.get(cost.kernel);
    sums.set(cost.kernel, {
      kernel: cost.kernel,
      shapes: '',
      calls: cost.calls + (sum?.calls ?? 0),
      milliseconds: cost.milliseconds + (sum?.milliseconds ?? 0),
      operations: cost.operations + (sum?.operations ?? 0),
    });
  }
  return [...sums.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

function line(ms: string, calls: string, speed: string, kernel: string, shapes: string): string {
  return `${ms.padStart(9)} ${calls.padStart(7)} ${speed.padStart(9)}  ${kernel.padEnd(22)} ${shapes}`.trimEnd() + '\n';
}

/** The least of each cost over the steps: what else runs on the machine only ever adds to one. */
function leastOf(steps: readonly KernelCost[][]): KernelCost[] {
  const least = new Map<string, KernelCost>();
  for (const cost of steps.flat()) {
    const key = `${cost.kernel} ${cost.shapes}`;
    const other = least.get(key);
    if (other === undefined || cost.milliseconds < other.milliseconds) least.set(key, cost);
  }
  return [...least.values()].sort((a, b) => b.milliseconds - a.milliseconds);
}

const opened = await openBackend(parseBackendRequest(values.backend));
const measured =
  values.network === 'middle' ? openMiddleStep() : await openProductStep(values.tasks.split(','), Number(values.batch));
const steps = Number(values.steps);
for (let warmUp = 0; warmUp < 5; warmUp += 1) measured.run();

const processorTime = process.cpuUsage();
const times = Array.from({ length: steps }, () => {
  const started = performance.now();
  measured.run();
  return performance.now() - started;
}).sort((a, b) => a - b);
const { user, system } = process.cpuUsage(processorTime);
const costs = leastOf(Array.from({ length: steps }, () => profileKernels(() => measured.run())));

const inKernels = costs.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
process.stdout.write(
  `${values.network} on ${opened.backend} (${opened.device}), ${steps} steps\n` +
    `step: ${(times[0] ?? 0).toFixed(1)} ms least, ${(times[steps >> 1] ?? 0).toFixed(1)} ms median, ` +
    `${((user + system) / 1000 / steps).toFixed(1)} ms processor time; kernels: ${inKernels.toFixed(1)} ms\n\n`,
);
process.stdout.write(line('ms/step', 'calls', 'GFLOP/s', 'kernel', 'inputs'));
for (const cost of (values.by === 'kernel' ? byKernel(costs) : costs).slice(0, Number(values.rows))) {
  const speed = cost.operations === 0 ? '' : (cost.operations / cost.milliseconds / 1e6).toFixed(1);
  process.stdout.write(line(cost.milliseconds.toFixed(2), String(cost.calls), speed, cost.kernel, cost.shapes));
}
