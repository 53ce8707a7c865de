import { fileURLToPath } from 'node:url';
import { libraryEnvironment } from '../../shared/config.js';
import { BackendUnusable, type UsableBackend } from './candidate.js';
import { checkBackend } from './check.js';
import { nvidiaFacts } from './gpu-facts.js';
import { findNativeLibrary, loadNativePackage, type NativeFacts } from './native-package.js';
import type { NativePackage } from './native-packages.js';
import { probeInOwnProcess } from './probe-process.js';
import { processorFacts } from './processor.js';

const gpuHint =
  'The prebuilt library needs an NVIDIA GPU with CUDA 11.2 and cuDNN 8.1 in the library path. For newer GPUs link a TensorFlow of pip: ' +
  '`npx sigmasweep backend link <folder> --package tfjs-node-gpu`; without a GPU use `tfjs-node` or `wasm`.';
const wrongHint = 'Use another version of TensorFlow, or `--backend wasm`, which works everywhere.';
const brokenHint =
  'Run `npx sigmasweep backend install` or `backend link` again; on another kind of machine use `--backend wasm`.';

/**
 * Opens tfjs-node or tfjs-node-gpu.
 *
 * The library is first tried in a process of its own. It can abort (a processor without AVX), and the GPU build computes
 * silently on the CPU where it finds no GPU; a process holds only one TensorFlow library, so a build that turned out
 * useless must not be in this one.
 * @param threads see BackendCandidate.open
 * @throws BackendUnusable
 */
export async function openNative(packageName: NativePackage, threads: number): Promise<UsableBackend> {
  const library = findNativeLibrary(packageName, fileURLToPath(import.meta.url));
  const { settings, ...probed } = await probeNativePackage(packageName, library);
  requireUsable(packageName, probed);
  try {
    // The library reads them when it is loaded.
    Object.assign(libraryEnvironment, settings);
    const { usesGpu, version } = await loadNativePackage(packageName, library);
    await checkBackend(brokenHint);
    const tensorflowVersion = [`TensorFlow ${version}`, ...assignments(settings)].join(' with ');
    if (!usesGpu) return { ...processorFacts(), threads, tensorflowVersion };
    const gpu = await nvidiaFacts();
    return {
      device: gpu?.name ?? 'NVIDIA GPU',
      driver: gpu?.driver,
      memoryBytes: gpu?.memoryBytes,
      threads: undefined,
      failure: undefined,
      tensorflowVersion,
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

type Settings = Readonly<Record<string, string>>;

/** What a library is, and the environment variables under which it computes right. */
export type ProbedNative = NativeFacts & { readonly settings: Settings };

/**
 * What is tried in turn. On an AMD EPYC of family 26 (AVX-512 with VP2INTERSECT) the oneDNN of TensorFlow 2.21 gives the
 * input gradient of a convolution of one channel wrong with any AVX-512 kernels, in Python too, and right with AVX2.
 */
const remedies: readonly Settings[] = [{}, { ONEDNN_MAX_CPU_ISA: 'AVX2' }];

const assignments = (settings: Settings): string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`);

/**
 * Loads a package with a library, and computes with it, in a process of its own; where the numbers are wrong, again with
 * settings that are known to help.
 * @throws BackendUnusable with the loader's words, or with what came out wrong
 */
export async function probeNativePackage(
  packageName: NativePackage,
  library: string,
  probe: typeof probeInOwnProcess = probeInOwnProcess,
): Promise<ProbedNative> {
  let wrong = '';
  for (const settings of remedies) {
    // Somebody's own choice stays.
    if (Object.keys(settings).some((name) => libraryEnvironment[name] !== undefined)) continue;
    let answer: NativeFacts | { readonly wrong: string };
    try {
      answer = JSON.parse(await probe(packageName, library, settings)) as typeof answer;
    } catch (error) {
      throw asUnusable(error);
    }
    if (!('wrong' in answer)) return { ...answer, settings };
    wrong ||= answer.wrong;
  }
  throw new BackendUnusable(`the native library computes wrong: ${wrong}`, wrongHint);
}
