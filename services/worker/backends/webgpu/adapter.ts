import { BackendUnusable } from '../candidate.js';
import type { Gpu, GpuAdapter, GpuAdapterInfo, GpuDevice, GpuLimits } from './api.js';

/** A GPU, or a program that computes like one on the processor. */
export type AdapterKind = 'hardware' | 'software';

/** Names of drivers that compute on the processor, for implementations that do not say it themselves. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|basic.render|\bwarp\b/i;

/** Whether an adapter is a program and not a GPU. */
export function isSoftware({ isFallbackAdapter, vendor, architecture, device, description }: GpuAdapterInfo): boolean {
  return isFallbackAdapter === true || softwareNames.test([vendor, architecture, device, description].join(' '));
}

const driverHints: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    'Install the Vulkan loader and the driver of the GPU (Debian: libvulkan1, with mesa-vulkan-drivers for AMD and Intel, or ' +
    'NVIDIA’s own driver); a container also needs the device (/dev/dri, or --gpus all with NVIDIA_DRIVER_CAPABILITIES=all).',
};
const otherDriverHint = 'Install the newest driver of the GPU.';
const softwareHint =
  'A software driver computes on the processor, more slowly than wasm. To check results on it: `--backend webgpu-software`.';
const noSoftwareHint =
  'Name the driver’s file in VK_DRIVER_FILES: Debian’s chromium brings SwiftShader, /usr/lib/chromium/vk_swiftshader_icd.json.';

/**
 * Finds an adapter of the kind that is wanted, the fastest where there are several GPUs.
 * @throws BackendUnusable
 */
export async function findAdapter(gpu: Gpu, kind: AdapterKind): Promise<GpuAdapter> {
  const adapter = await gpu.requestAdapter(
    kind === 'software' ? { forceFallbackAdapter: true } : { powerPreference: 'high-performance' },
  );
  const found = adapter === null ? undefined : isSoftware(adapter.info) ? 'software' : 'hardware';
  if (adapter !== null && found === kind) return adapter;
  if (kind === 'software') throw new BackendUnusable('no software driver for WebGPU was found', noSoftwareHint);
  throw adapter === null
    ? new BackendUnusable('no GPU with a driver for WebGPU was found', driverHints[process.platform] ?? otherDriverHint)
    : new BackendUnusable(`the only driver found is software (${describe(adapter.info)})`, softwareHint);
}

/** What TensorFlow.js's kernels use beyond the least that every adapter has. */
const wantedLimits: readonly (keyof GpuLimits)[] = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/** Opens the adapter with all that it can do. */
export function openDevice(adapter: GpuAdapter): Promise<GpuDevice> {
  const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
  return adapter.requestDevice({ requiredLimits });
}

/** An adapter's name for people, for example "NVIDIA H100 (hopper)". */
export function describe({ vendor, architecture, device, description }: GpuAdapterInfo): string {
  // Dawn makes names of lower-case words and dashes, also of what was a bracket at the end.
  const name = [device.replace(/-+$/, ''), description, vendor].find((text) => text !== '') ?? 'unnamed adapter';
  return architecture === '' || name.toLowerCase().includes(architecture.toLowerCase())
    ? name
    : `${name} (${architecture})`;
}
