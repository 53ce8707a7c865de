import type { BackendName } from './candidate.js';

/** A command that installs a backend's native library. */
export interface InstallCommand {
  readonly command: 'npm';
  readonly arguments: readonly string[];
}

const packages: Partial<Record<BackendName, string>> = {
  'tfjs-node': '@tensorflow/tfjs-node',
  'tfjs-node-gpu': '@tensorflow/tfjs-node-gpu',
};

/**
 * How a backend's native library gets here: by running the install script of its package, which this project otherwise
 * keeps from running because it downloads hundreds of megabytes.
 * @returns undefined for a backend that needs no library beyond its package
 */
export function installCommand(backend: BackendName): InstallCommand | undefined {
  const packageName = packages[backend];
  if (packageName === undefined) return undefined;
  return { command: 'npm', arguments: ['rebuild', '--ignore-scripts=false', packageName] };
}
