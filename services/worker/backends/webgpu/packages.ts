import type { KernelBackend } from '@tensorflow/tfjs-core';
import { BackendUnusable } from '../candidate.js';
import type { Gpu, GpuAdapterInfo, GpuDevice } from './api.js';

/** The package of TensorFlow.js's WebGPU kernels. */
export interface WebgpuKernels {
  readonly WebGPUBackend: new (device: GpuDevice, info: GpuAdapterInfo) => KernelBackend;
}

/** The package with Dawn, the WebGPU implementation of Chromium, as a native library for Node. */
interface Dawn {
  readonly globals: object;
  create(options: readonly string[]): Gpu;
}

const dawnPackage = 'webgpu';
const kernelsPackage = '@tensorflow/tfjs-backend-webgpu';
const installHint = 'Run `npm install --include=optional`.';

/**
 * Starts Dawn and puts it where browsers have it, which is where TensorFlow.js looks for it.
 * @throws BackendUnusable when a package is not installed, or has no library for this platform
 */
export async function loadPackages(): Promise<{ gpu: Gpu; kernels: WebgpuKernels }> {
  const dawn = (await load(dawnPackage)) as Dawn;
  const gpu = dawn.create([]);
  Object.assign(globalThis, dawn.globals);
  offer(gpu);
  try {
    return { gpu, kernels: (await load(kernelsPackage)) as WebgpuKernels };
  } catch (error) {
    withdraw();
    throw error;
  }
}

/** Takes Dawn away again: as long as somebody holds it, it can keep the process alive. */
export function withdraw(): void {
  Reflect.deleteProperty(Reflect.get(globalThis, 'navigator') as object, 'gpu');
}

/** Node has a navigator since version 21, without a GPU. */
function offer(gpu: Gpu): void {
  if (!('navigator' in globalThis)) {
    Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js' }, configurable: true });
  }
  const navigator = Reflect.get(globalThis, 'navigator') as object;
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
}

async function load(name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    const first = message.split('\n')[0] ?? '';
    throw code === 'ERR_MODULE_NOT_FOUND'
      ? new BackendUnusable(`the package ${name} is not installed`, installHint, cause)
      : new BackendUnusable(`the package ${name} cannot be loaded here: ${first}`, installHint, cause);
  }
}
