import type { BackendName } from './candidate.js';
import { isNativeBackend, nativePackages } from './native-packages.js';

/** A command that installs a backend's native library. */
export interface InstallCommand {
  readonly command: 'npm';
  readonly arguments: readonly string[];
}

/**
 * How a backend's native library gets here: by running the install script of its package, which this project otherwise
 * keeps from running because it downloads hundreds of megabytes.
 * @returns undefined for a backend that needs no library beyond its package
 */
export function installCommand(backend: BackendName): InstallCommand | undefined {
  if (!isNativeBackend(backend)) return undefined;
  return { command: 'npm', arguments: ['rebuild', '--ignore-scripts=false', nativePackages[backend]] };
}
