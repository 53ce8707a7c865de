import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { SigmasweepError } from '../../../shared/errors.js';
import { BackendUnusable } from '../candidate.js';
import { probeNativePackage, requireUsable } from '../native.js';
import { findNativePackage, type NativeFacts } from '../native-package.js';
import type { NativePackage } from '../native-packages.js';
import { compileBinding, defaultCompilers, findNodeHeaders } from './compile-binding.js';
import { explainLoadFailure } from './explain-load-failure.js';
import { thisPlatform, writeLink, type Link } from './linked-library.js';
import { findTensorflow, type TensorflowInstallation } from './tensorflow-installation.js';

export interface LinkOptions {
  /** What a person gave: see `findTensorflow`. */
  readonly path: string;
  /** undefined: the GPU package for a CUDA build on a machine with an NVIDIA driver, otherwise the CPU package. */
  readonly packageName: NativePackage | undefined;
  /** Folder of all links. */
  readonly links: string;
  /** File or folder from which the npm packages are looked up. */
  readonly from: string;
  /** A compiler to use instead of the usual ones. */
  readonly compiler: string | undefined;
  /** Tries the package with a library in a process of its own; throws what it says when it fails. */
  readonly probe?: (packageName: NativePackage, library: string) => Promise<NativeFacts>;
}

/** The kernel's file of an NVIDIA driver that is loaded. */
const nvidiaDriver = '/proc/driver/nvidia/version';

/**
 * Compiles tfjs-node's binding against an installed TensorFlow, tries it by computing, and only then makes it the one
 * that workers load.
 * @throws SigmasweepError of every step; see docs/backends.md
 */
export async function linkTensorflow(options: LinkOptions): Promise<Link> {
  if (process.platform !== 'linux') {
    throw new SigmasweepError(
      'LINK_UNSUPPORTED',
      `TensorFlow can be linked on Linux only, this is ${process.platform}.`,
      {
        hint: 'Use `npx sigmasweep backend install`, or `--backend wasm`.',
      },
    );
  }
  const tensorflow = findTensorflow(options.path);
  const packageName = options.packageName ?? packageFor(tensorflow);
  const installed = findInstalled(packageName, options.from);
  const nodeHeaders = findNodeHeaders(options.from);
  const { compiler, probe = probeNativePackage } = options;
  return writeLink(options.links, packageName, async (library) => {
    await compileBinding({
      packageFolder: dirname(installed.manifest),
      tensorflow,
      nodeHeaders,
      output: library,
      compilers: compiler === undefined ? defaultCompilers : [compiler],
    });
    await tryLibrary(packageName, library, tensorflow, probe);
    return {
      packageName,
      packageVersion: installed.version,
      platform: thisPlatform,
      tensorflow: tensorflow.folder,
      version: tensorflow.version,
      libraries: tensorflow.libraries,
    };
  });
}

function packageFor({ cuda }: TensorflowInstallation): NativePackage {
  return cuda && existsSync(nvidiaDriver) ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
}

function findInstalled(packageName: NativePackage, from: string): ReturnType<typeof findNativePackage> {
  try {
    return findNativePackage(packageName, from);
  } catch (cause) {
    throw new SigmasweepError('NATIVE_PACKAGE_MISSING', `The npm package ${packageName} is not installed.`, {
      hint: 'Run `npm install --include=optional`.',
      cause,
    });
  }
}

async function tryLibrary(
  packageName: NativePackage,
  library: string,
  { version, folder }: TensorflowInstallation,
  probe: NonNullable<LinkOptions['probe']>,
): Promise<void> {
  try {
    requireUsable(packageName, await probe(packageName, library));
  } catch (cause) {
    const why = cause instanceof BackendUnusable ? cause.why : String(cause);
    const { message, hint } = await explainLoadFailure(why, library);
    throw new SigmasweepError('LINK_UNUSABLE', `TensorFlow ${version} in ${folder} cannot be used: ${message}.`, {
      hint,
      cause,
    });
  }
}
