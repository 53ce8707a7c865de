import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../shared/version.js';
import { BackendUnusable, type UsableBackend } from './candidate.js';
import { checkBackend } from './check.js';
import { findNativeLibrary, loadNativePackage, type NativeFacts } from './native-package.js';
import type { NativePackage } from './native-packages.js';

const run = promisify(execFile);
const probeTimeoutMs = 60_000;
const gpuHint =
  'The prebuilt library needs an NVIDIA GPU with CUDA 11.2 and cuDNN 8.1 in the library path. For newer GPUs link a TensorFlow of pip: ' +
  '`npx sigmasweep backend link <folder> --package tfjs-node-gpu`; without a GPU use `tfjs-node` or `wasm`.';
const brokenHint =
  'Run `npx sigmasweep backend install` or `backend link` again; on another kind of machine use `--backend wasm`.';

/**
 * Opens tfjs-node or tfjs-node-gpu.
 *
 * The library is first tried in a process of its own. It can abort (a processor without AVX), and the GPU build computes
 * silently on the CPU where it finds no GPU; a process holds only one TensorFlow library, so a build that turned out
 * useless must not be in this one.
 * @throws BackendUnusable
 */
export async function openNative(packageName: NativePackage): Promise<UsableBackend> {
  const library = findNativeLibrary(packageName, fileURLToPath(import.meta.url));
  requireUsable(packageName, await probeNativePackage(packageName, library));
  try {
    const { usesGpu, version } = await loadNativePackage(packageName, library);
    await checkBackend(brokenHint);
    return {
      device: usesGpu ? await gpuName() : (cpus()[0]?.model.trim() ?? 'CPU'),
      threads: usesGpu ? undefined : availableParallelism(),
      tensorflowVersion: `TensorFlow ${version}`,
    };
  } catch (error) {
    throw asUnusable(error);
  }
}

/** @throws BackendUnusable for a GPU build that computes on the CPU */
export function requireUsable(packageName: NativePackage, facts: NativeFacts): void {
  if (packageName === '@tensorflow/tfjs-node-gpu' && !facts.usesGpu) {
    throw new BackendUnusable(`TensorFlow ${facts.version} was loaded but found no GPU it can use`, gpuHint);
  }
}

/** The library's own words, without the stack: usually which shared library is missing. */
export function asUnusable(error: unknown): BackendUnusable {
  if (error instanceof BackendUnusable) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new BackendUnusable(`the native library could not be loaded: ${text.split('\n')[0] ?? ''}`, brokenHint, error);
}

/**
 * Loads a package with a library, and computes with it, in a process of its own.
 * @throws BackendUnusable with the loader's words
 */
export async function probeNativePackage(packageName: NativePackage, library: string): Promise<NativeFacts> {
  const program = join(packageRoot, 'dist', 'services', 'worker', 'backends', 'probe.js');
  if (!existsSync(program)) throw new BackendUnusable('sigmasweep is not built', 'Run `npm run build`.');
  try {
    const { stdout } = await run(process.execPath, [program, packageName, library], { timeout: probeTimeoutMs });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as NativeFacts;
  } catch (error) {
    throw asUnusable(describeFailedProbe(error));
  }
}

/** The last line that the probe wrote, or how it ended. */
function describeFailedProbe(error: unknown): Error {
  const failure = error as { stderr?: string; signal?: string | null; killed?: boolean };
  if (failure.killed === true) return new Error(`no answer within ${probeTimeoutMs / 1000} s`);
  if (typeof failure.signal === 'string') return new Error(`it ended its process with ${failure.signal}`);
  const line = failure.stderr?.trim().split('\n').at(-1);
  return line === undefined || line === '' ? (error as Error) : new Error(line);
}

async function gpuName(): Promise<string> {
  try {
    const { stdout } = await run('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { timeout: 10_000 });
    return stdout.trim().split('\n')[0] ?? 'NVIDIA GPU';
  } catch {
    // The driver's tool can be missing from a container that has the GPU itself.
    return 'NVIDIA GPU';
  }
}
