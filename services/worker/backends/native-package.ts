import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { linkedLibrariesFolder } from '../../shared/config.js';
import { BackendUnusable } from './candidate.js';
import { readLink } from './linking/linked-library.js';
import { registerNativeKernels } from './native-kernels/registry.js';
import type { NativePackage } from './native-packages.js';

/** Name under which both native packages register themselves with TensorFlow.js. */
const registeredName = 'tensorflow';

export const installHint =
  'Run `npx sigmasweep backend install`, or `npx sigmasweep backend link <folder>` for a TensorFlow that pip installed.';

/** What a native package says of itself once it is loaded. */
export interface NativeFacts {
  readonly usesGpu: boolean;
  /** Version of the TensorFlow library, for example 2.9.1. */
  readonly version: string;
}

/** Where Node finds a package, and its version. */
export interface InstalledPackage {
  /** Path of its package.json. */
  readonly manifest: string;
  readonly version: string;
}

/**
 * @param from file or folder from which packages are looked up
 * @throws BackendUnusable when it is not installed
 */
export function findNativePackage(packageName: NativePackage, from: string): InstalledPackage {
  try {
    const manifest = createRequire(from).resolve(`${packageName}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string };
    return { manifest, version: version ?? '' };
  } catch (cause) {
    throw new BackendUnusable(
      `the package ${packageName} is not installed`,
      'Run `npm install --include=optional`, then `npx sigmasweep backend install`.',
      cause,
    );
  }
}

/**
 * Finds a package's native library without loading anything: the package's own loader registers its kernels before it
 * notices that the library is missing. A linked library goes before an installed one: it was asked for later.
 * @param from file or folder from which packages are looked up
 * @param links folder of linked libraries
 * @returns the path of the library
 * @throws BackendUnusable
 */
export function findNativeLibrary(
  packageName: NativePackage,
  from: string,
  links: string = linkedLibrariesFolder(),
): string {
  const { manifest, version } = findNativePackage(packageName, from);
  const link = readLink(links, packageName, version);
  if (link !== undefined) return link.library;
  const fromPackage = createRequire(manifest);
  const finder = fromPackage('@mapbox/node-pre-gyp') as { find(manifest: string): string };
  const library = finder.find(manifest);
  if (!existsSync(library)) throw new BackendUnusable('the native library is not installed', installHint);
  return library;
}

/**
 * Loads a native package into this process and makes it the current backend.
 * @param library what `findNativeLibrary` returned
 * @param from file from which the package is looked up
 * @throws whatever the package throws; nothing of it is left registered then
 */
export async function loadNativePackage(
  packageName: NativePackage,
  library: string,
  from = import.meta.url,
): Promise<NativeFacts> {
  const require = createRequire(from);
  restoreRemovedNodeFunctions(require('node:util') as Record<string, unknown>);
  try {
    withLibrary(packageName, library, require, () => {
      require(packageName);
    });
    if (!(await tf.setBackend(registeredName))) throw new Error('TensorFlow could not be started');
  } catch (error) {
    unloadNativePackage();
    throw error;
  }
  const backend = tf.backend() as unknown as { isUsingGpuDevice: boolean; binding: { TF_Version: string } };
  registerNativeKernels(backend.isUsingGpuDevice);
  return { usesGpu: backend.isUsingGpuDevice, version: backend.binding.TF_Version };
}

/**
 * Runs `load` while the package finds `library` where it would otherwise find its own. The package asks node-pre-gyp,
 * which knows no place but inside of node_modules, so node-pre-gyp's answer is replaced for that long.
 */
function withLibrary(packageName: NativePackage, library: string, require: NodeJS.Require, load: () => void): void {
  const fromPackage = createRequire(require.resolve(`${packageName}/package.json`));
  const name = fromPackage.resolve('@mapbox/node-pre-gyp');
  const finder = fromPackage(name) as object;
  const original = Object.getOwnPropertyDescriptor(finder, 'find');
  if (original === undefined) throw new Error(`${name} has no function find`);
  const answering = Object.create(finder, { find: { value: () => library } }) as unknown;
  const cached = require.cache[name];
  if (cached === undefined) throw new Error(`${name} was not kept by Node`);
  cached.exports = answering;
  try {
    load();
  } finally {
    cached.exports = finder;
  }
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
