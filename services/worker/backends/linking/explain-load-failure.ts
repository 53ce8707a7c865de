import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a library that was compiled but cannot be loaded lacks, and what to do. */
export interface LoadFailure {
  readonly message: string;
  readonly hint: string;
}

/**
 * Explains why a compiled binding cannot be loaded or used.
 * @param why the loader's words
 * @param library the binding; the system is asked which shared libraries it does not find for it
 */
export async function explainLoadFailure(why: string, library: string): Promise<LoadFailure> {
  const missing = await missingLibraries(library);
  if (missing.length > 0) {
    return {
      message: `${why}. Shared libraries that were not found: ${missing.join(', ')}`,
      hint: missing.some((name) => /^lib(cu|nv)/.test(name))
        ? "These are CUDA's: `pip install tensorflow[and-cuda]` brings them, or put their folder into LD_LIBRARY_PATH."
        : 'Install the packages that hold them, or put their folder into LD_LIBRARY_PATH.',
    };
  }
  return { message: why, hint: hintFor(why) };
}

function hintFor(why: string): string {
  if (/GLIBC(XX)?_[\d.]+' not found/.test(why)) {
    return 'This TensorFlow was made for a newer system (glibc, libstdc++) than this one: use an older TensorFlow, or a newer system.';
  }
  if (/undefined symbol/.test(why)) {
    return 'Headers and libraries of this TensorFlow do not belong together: install it again in a fresh virtual environment.';
  }
  if (/SIGILL/.test(why))
    return 'This TensorFlow needs instructions (AVX) that this processor lacks; use `--backend wasm`.';
  if (/no GPU/.test(why)) {
    return 'Check that `nvidia-smi` works; to compute on the CPU with it, link it with `--package tfjs-node`.';
  }
  return 'Please report this with the message; `--backend wasm` works everywhere.';
}

/** Names of the shared libraries that the system's loader does not find; none where it cannot be asked. */
async function missingLibraries(library: string): Promise<string[]> {
  try {
    const { stdout } = await run('ldd', [library], { timeout: 30_000 });
    return missingIn(stdout);
  } catch {
    return [];
  }
}

/** @param listing what `ldd` printed */
export function missingIn(listing: string): string[] {
  return [...new Set([...listing.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1] ?? ''))];
}
