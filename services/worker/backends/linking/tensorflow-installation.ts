import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SigmasweepError } from '../../../shared/errors.js';

/** A TensorFlow as pip installs it: a Python package that carries its C library and the headers of it. */
export interface TensorflowInstallation {
  /** The package's own folder, `…/site-packages/tensorflow`. */
  readonly folder: string;
  readonly version: string;
  readonly include: string;
  /** Absolute paths of the shared libraries that hold the C API. */
  readonly libraries: readonly string[];
  /** Folders in which the libraries' own libraries are looked for: CUDA's, where pip installed them beside TensorFlow. */
  readonly libraryFolders: readonly string[];
  /** Whether it was built for NVIDIA GPUs. */
  readonly cuda: boolean;
}

const libraryNames = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;
const neededHeader = join('tensorflow', 'c', 'eager', 'c_api.h');
const installHint =
  'Install one with `pip install tensorflow` (Linux), and give its folder, its virtual environment or its python.';
const whereIsTensorflow =
  'import importlib.util as u; s = u.find_spec("tensorflow"); print(s.submodule_search_locations[0] if s else "")';

/**
 * Finds the TensorFlow that a person means.
 * @param path the package's folder, the folder it is in, a virtual environment, or a Python interpreter
 * @throws SigmasweepError TENSORFLOW_NOT_FOUND, TENSORFLOW_HEADERS_MISSING, TENSORFLOW_LIBRARY_MISSING
 */
export function findTensorflow(path: string): TensorflowInstallation {
  const given = resolve(path);
  const folder = candidates(given).find(isTensorflow);
  if (folder === undefined) {
    const found = existsSync(given) ? 'holds no Python package tensorflow' : 'does not exist';
    throw new SigmasweepError('TENSORFLOW_NOT_FOUND', `${given} ${found}.`, { hint: installHint });
  }
  const version = versionOf(folder);
  const include = join(folder, 'include');
  if (!existsSync(join(include, neededHeader))) {
    throw new SigmasweepError(
      'TENSORFLOW_HEADERS_MISSING',
      `TensorFlow ${version} in ${folder} has no header ${join('include', neededHeader)}.`,
      { hint: `Its installation is incomplete, or slimmed down. ${installHint}` },
    );
  }
  const libraries = libraryNames.map((name) => join(folder, name));
  const missing = libraries.filter((library) => !existsSync(library));
  if (missing.length > 0) {
    throw new SigmasweepError(
      'TENSORFLOW_LIBRARY_MISSING',
      `TensorFlow ${version} in ${folder} lacks ${missing.map((library) => library.slice(folder.length + 1)).join(' and ')}.`,
      { hint: 'Newer packages for Linux have both (2.21 does): install one of them.' },
    );
  }
  return { folder, version, include, libraries, libraryFolders: cudaFolders(folder), cuda: isCudaBuild(folder) };
}

function isTensorflow(folder: string): boolean {
  return existsSync(join(folder, '__init__.py')) && existsSync(join(folder, 'python'));
}

/** Where the package can be when a person gives `given`, likeliest first. */
function candidates(given: string): string[] {
  if (!existsSync(given)) return [];
  if (!statSync(given).isDirectory()) return [askPython(given)].filter((folder) => folder !== '');
  const pythons = ['lib', 'lib64', join('local', 'lib')].flatMap((lib) => {
    const folder = join(given, lib);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.startsWith('python3'))
      .map((name) => join(folder, name));
  });
  const packages = pythons.flatMap((python) => [join(python, 'site-packages'), join(python, 'dist-packages')]);
  return [given, ...[given, ...packages].map((folder) => join(folder, 'tensorflow'))];
}

/** @returns '' for a program that is no Python, or has no TensorFlow */
function askPython(program: string): string {
  try {
    const output = execFileSync(program, ['-c', whereIsTensorflow], {
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.trim();
  } catch {
    // It cannot be run or is something else: the caller says what was looked for.
    return '';
  }
}

/** From the name of the metadata's folder beside the package, for example tensorflow_cpu-2.21.0.dist-info. */
function versionOf(folder: string): string {
  const named = readdirSync(join(folder, '..')).flatMap(
    (name) => /^tensorflow(?:_cpu|_gpu|_intel|_rocm|_aarch64)?-(\d[^-]*)\.dist-info$/.exec(name)?.[1] ?? [],
  );
  return named[0] ?? 'of unknown version';
}

function isCudaBuild(folder: string): boolean {
  const file = join(folder, 'python', 'platform', 'build_info.py');
  return existsSync(file) && /'is_cuda_build',\s*True/.test(readFileSync(file, 'utf8'));
}

/** The `lib` folders of NVIDIA's own Python packages (`pip install tensorflow[and-cuda]`). */
function cudaFolders(folder: string): string[] {
  const nvidia = join(folder, '..', 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((lib) => existsSync(lib));
}
