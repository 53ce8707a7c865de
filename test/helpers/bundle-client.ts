import { build } from 'esbuild';
import { join } from 'node:path';
import { packageRoot } from '../../services/shared/version.js';

/** Bundles the browser code as it is now into a folder, so that a test never sees an old build. */
export async function bundleClient(folder: string): Promise<void> {
  const client = join(packageRoot, 'services', 'dashboard', 'client');
  await build({
    entryPoints: ['main.ts', 'launch.ts', 'styles.css'].map((name) => join(client, name)),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outdir: folder,
    logLevel: 'warning',
  });
}
