import { availableParallelism } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnusable, type BackendCandidate, type UsableBackend } from './candidate.js';
import { checkBackend } from './check.js';
import { correctAvgPoolGrad } from './corrections/avg-pool-grad.js';
import { nvidiaFacts } from './gpu-facts.js';
import { probeInOwnProcess } from './probe-process.js';
import { processorFacts } from './processor.js';
import { describe, findAdapter, isSoftware, openDevice, type AdapterKind } from './webgpu/adapter.js';
import type { GpuAdapterInfo, GpuDevice } from './webgpu/api.js';
import { loadPackages, withdraw } from './webgpu/packages.js';
import { DeviceWatch } from './webgpu/watch.js';

/** Name under which TensorFlow.js's WebGPU kernels are registered. */
const registeredName = 'webgpu';
const wrongHint = 'Update the GPU’s driver; until then `--backend wasm` trains everywhere.';

/** A GPU of any maker, with npm packages and its driver alone. */
export const webgpuBackend: BackendCandidate = {
  name: 'webgpu',
  automatic: true,
  description: 'WebGPU on a GPU of any maker, through its Vulkan, Metal or Direct3D driver',
  open: () => openWebgpu('hardware'),
};

/** The same kernels on a driver that computes on the processor: slower than wasm, so only when it is asked for by name. */
export const webgpuSoftwareBackend: BackendCandidate = {
  name: 'webgpu-software',
  automatic: false,
  description: 'WebGPU on a software driver, slow; for checking its results without a GPU',
  open: () => openWebgpu('software'),
};

/**
 * Opens WebGPU. A driver can end the process that loads it, so it is tried in a process of its own first.
 * @throws BackendUnusable
 */
async function openWebgpu(kind: AdapterKind): Promise<UsableBackend> {
  const { why, hint } = await askProbe(kind);
  if (why !== undefined) throw new BackendUnusable(why, hint ?? wrongHint);
  return startWebgpu(kind);
}

/** The probe's answer: nothing where the backend computes, otherwise why it does not. */
async function askProbe(kind: AdapterKind): Promise<{ why?: string; hint?: string }> {
  try {
    const answer = await probeInOwnProcess(kind === 'software' ? 'webgpu-software' : 'webgpu');
    return JSON.parse(answer) as { why?: string; hint?: string };
  } catch (error) {
    if (error instanceof BackendUnusable) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new BackendUnusable(`the GPU’s driver could not be tried: ${text}`, wrongHint, error);
  }
}

/**
 * Opens WebGPU in this process, untried.
 * @throws BackendUnusable; nothing of it is left registered then
 */
export async function startWebgpu(kind: AdapterKind): Promise<UsableBackend> {
  const { gpu, kernels } = await loadPackages();
  let device: GpuDevice | undefined;
  try {
    const adapter = await findAdapter(gpu, kind);
    const opened = await openDevice(adapter);
    device = opened;
    const { failure } = new DeviceWatch(opened);
    // The package registers a factory of its own, which would take whatever adapter comes first.
    if (tf.findBackendFactory(registeredName) as unknown) tf.removeBackend(registeredName);
    tf.registerBackend(registeredName, () => new kernels.WebGPUBackend(opened, adapter.info));
    if (!(await tf.setBackend(registeredName))) throw new Error('TensorFlow.js could not use the device');
    correctAvgPoolGrad(registeredName);
    await checkBackend(wrongHint);
    if (failure.aborted) throw failure.reason as Error;
    const threads = kind === 'software' ? availableParallelism() : undefined;
    return { ...(await factsOf(adapter.info)), threads, failure, tensorflowVersion: version() };
  } catch (error) {
    if (tf.findBackendFactory(registeredName) as unknown) tf.removeBackend(registeredName);
    device?.destroy();
    withdraw();
    if (error instanceof BackendUnusable) throw error;
    const text = error instanceof Error ? error.message : String(error);
    throw new BackendUnusable(`the GPU could not be used: ${text.split('\n')[0] ?? ''}`, wrongHint, error);
  }
}

/** WebGPU tells neither memory nor, on every system, the driver. */
async function factsOf(info: GpuAdapterInfo): Promise<Pick<UsableBackend, 'device' | 'driver' | 'memoryBytes'>> {
  const device = describe(info);
  const driver = info.description === '' ? undefined : info.description;
  if (isSoftware(info)) return { device, driver, memoryBytes: processorFacts().memoryBytes };
  const nvidia = info.vendor.toLowerCase() === 'nvidia' ? await nvidiaFacts() : undefined;
  if (nvidia === undefined) return { device, driver, memoryBytes: undefined };
  return { device, driver: nvidia.driver, memoryBytes: nvidia.memoryBytes };
}

function version(): string {
  return `TensorFlow.js ${tf.version_core} on WebGPU`;
}
