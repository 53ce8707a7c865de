import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnusable } from './candidate.js';

export type NativePackage = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

/** Name under which both native packages register themselves with TensorFlow.js. */
const registeredName = 'tensorflow';

export const installHint = 'Run `npx sigmasweep backend install`.';

/** What a native package says of itself once it is loaded. */
export interface NativeFacts {
  readonly usesGpu: boolean;
  /** Version of the TensorFlow library, for example 2.9.1. */
  readonly version: string;
}

/**
 * Finds a package's native library without loading anything: the package's own loader registers its kernels before it
 * notices that the library is missing.
 * @param from file or folder from which packages are looked up
 * @returns the path of the library
 * @throws BackendUnusable
 */
export function findNativeLibrary(packageName: NativePackage, from: string): string {
  let manifest: string;
  try {
    manifest = createRequire(from).resolve(`${packageName}/package.json`);
  } catch (cause) {
    throw new BackendUnusable(
      `the package ${packageName} is not installed`,
      'Run `npm install --include=optional`, then `npx sigmasweep backend install`.',
      cause,
    );
  }
  const fromPackage = createRequire(manifest);
  const finder = fromPackage('@mapbox/node-pre-gyp') as { find(manifest: string): string };
  const library = finder.find(manifest);
  if (!existsSync(library)) throw new BackendUnusable('the native library is not installed', installHint);
  return library;
}

/**
 * Loads a native package into this process and makes it the current backend.
 * @param from file from which the package is looked up
 * @throws whatever the package throws; nothing of it is left registered then
 */
export async function loadNativePackage(packageName: NativePackage, from = import.meta.url): Promise<NativeFacts> {
  const require = createRequire(from);
  restoreRemovedNodeFunctions(require('node:util') as Record<string, unknown>);
  try {
    require(packageName);
    if (!(await tf.setBackend(registeredName))) throw new Error('TensorFlow could not be started');
  } catch (error) {
    unloadNativePackage();
    throw error;
  }
  const backend = tf.backend() as unknown as { isUsingGpuDevice: boolean; binding: { TF_Version: string } };
  return { usesGpu: backend.isUsingGpuDevice, version: backend.binding.TF_Version };
}

/** Takes a native package's backend and kernels out of TensorFlow.js again. */
export function unloadNativePackage(): void {
  // It registers its kernels first and its backend last, so a package that failed can have left only the former.
  if (tf.findBackendFactory(registeredName) as unknown) tf.removeBackend(registeredName);
  for (const { kernelName } of tf.getKernelsForBackend(registeredName)) tf.unregisterKernel(kernelName, registeredName);
}

/** tfjs-node 4.22 calls functions of `util` that Node 23 removed. */
export function restoreRemovedNodeFunctions(util: Record<string, unknown>): void {
  const removed: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: (value) => Array.isArray(value),
  };
  for (const [name, implementation] of Object.entries(removed)) util[name] ??= implementation;
}
