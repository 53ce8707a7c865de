import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SigmasweepError } from '../../../shared/errors.js';
import type { TensorflowInstallation } from './tensorflow-installation.js';

export interface CompileOptions {
  /** Folder of the npm package that brings the binding's sources. */
  readonly packageFolder: string;
  readonly tensorflow: TensorflowInstallation;
  /** Folder of node_api.h. */
  readonly nodeHeaders: string;
  /** The library to write. */
  readonly output: string;
  /** Compilers, in the order in which they are tried; a name or a path. */
  readonly compilers: readonly string[];
}

/** Node's C interface that the binding is written against; every Node this project runs on has it. */
const nodeApiVersion = 8;
const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'] as const;
const limitMs = 300_000;
const shownLines = 12;

export const defaultCompilers: readonly string[] = ['g++', 'c++', 'clang++'];

/**
 * Node's C interface, from the npm package that carries nothing else: unlike the headers beside a Node program or in
 * node-gyp's cache it is there behind a closed network and for every Node.
 * @param from file from which the package is looked up
 * @throws SigmasweepError NODE_HEADERS_MISSING
 */
export function findNodeHeaders(from: string): string {
  const hint = 'Run `npm ci` again.';
  let manifest: string;
  try {
    manifest = createRequire(from).resolve('node-api-headers/package.json');
  } catch (cause) {
    throw new SigmasweepError('NODE_HEADERS_MISSING', 'The package node-api-headers is not installed.', {
      hint,
      cause,
    });
  }
  const include = join(dirname(manifest), 'include');
  if (!existsSync(join(include, 'node_api.h'))) {
    throw new SigmasweepError('NODE_HEADERS_MISSING', `${include} has no node_api.h.`, { hint });
  }
  return include;
}

/**
 * Compiles the binding between Node and TensorFlow's C library.
 * @returns the compiler that was used
 * @throws SigmasweepError BINDING_SOURCES_MISSING, COMPILER_NOT_FOUND, COMPILE_FAILED
 */
export async function compileBinding(options: CompileOptions): Promise<string> {
  const files = sources.map((name) => join(options.packageFolder, 'binding', name));
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new SigmasweepError('BINDING_SOURCES_MISSING', `${missing.join(', ')}: no such file.`, {
      hint: 'Run `npm install --include=optional` again.',
    });
  }
  const args = compilerArguments(options, files);
  for (const compiler of options.compilers) {
    const result = await runCompiler(compiler, args);
    if (result === 'not found') continue;
    if (result === '') return compiler;
    throw new SigmasweepError('COMPILE_FAILED', `${compiler} could not compile tfjs-node's binding:\n${result}`, {
      hint: hintFor(result),
    });
  }
  throw new SigmasweepError('COMPILER_NOT_FOUND', `There is no C++ compiler: ${options.compilers.join(', ')}.`, {
    hint:
      'Install one (`apt-get install g++` on Debian and Ubuntu, `dnf install gcc-c++` on Fedora and RHEL), or name ' +
      'yours in the environment variable CXX.',
  });
}

/** `-Xlinker` twice, because a comma in a folder's name would end the argument of `-Wl,-rpath,`. */
function compilerArguments(options: CompileOptions, files: readonly string[]): string[] {
  const { packageFolder, tensorflow, nodeHeaders, output } = options;
  const rpaths = [tensorflow.folder, ...tensorflow.libraryFolders];
  return [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    `-DNAPI_VERSION=${nodeApiVersion}`,
    ...[packageFolder, tensorflow.include, nodeHeaders].map((folder) => `-I${folder}`),
    ...files,
    '-o',
    output,
    ...tensorflow.libraries,
    ...rpaths.flatMap((folder) => ['-Xlinker', '-rpath', '-Xlinker', folder]),
  ];
}

/** @returns '' when it worked, 'not found' when there is no such compiler, otherwise the end of what it wrote */
function runCompiler(compiler: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(compiler, args, { timeout: limitMs, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve('');
      else if (error.code === 'ENOENT') resolve('not found');
      else if (error.killed === true) resolve(`no end after ${limitMs / 1000} s`);
      else resolve(`${stdout}${stderr}`.trim().split('\n').slice(-shownLines).join('\n') || error.message);
    });
  });
}

/** What usually stands behind a compiler's words. */
function hintFor(output: string): string {
  if (/c\+\+17|-std=/.test(output) && /unrecognized|invalid value|unknown/.test(output)) {
    return 'The compiler is too old for C++17: use g++ 8 or clang 7, or newer; CXX names it.';
  }
  if (/wrong format|incompatible|architecture/.test(output)) {
    return 'The library is for another kind of processor than this machine has: install the TensorFlow made for it.';
  }
  if (/No such file or directory|file not found/.test(output)) {
    return "A header is missing: install TensorFlow again, and your system's C and C++ development files (libc6-dev, libstdc++-dev).";
  }
  return 'TensorFlow 2.21 is known to compile; with another one, please report this with the text above.';
}
