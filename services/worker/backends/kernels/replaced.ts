import type { KernelConfig } from '@tensorflow/tfjs-core';
import { SigmasweepError } from '../../../shared/errors.js';

/** The wasm backend's own kernels in whose place this project's stand; some leave rare calls to them. */
const replaced = new Map<string, KernelConfig>();

/** Remembers a kernel that is about to be replaced. */
export function rememberReplaced(kernel: KernelConfig): void {
  replaced.set(kernel.kernelName, kernel);
}

/** @throws SigmasweepError KERNEL_MISSING when none of that name was replaced */
export function replacedKernel(name: string): KernelConfig {
  const kernel = replaced.get(name);
  if (kernel === undefined)
    throw new SigmasweepError('KERNEL_MISSING', `the wasm backend had no kernel ${name} of its own`);
  return kernel;
}
