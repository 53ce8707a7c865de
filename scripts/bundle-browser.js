import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const client = join(dirname(dirname(fileURLToPath(import.meta.url))), 'services', 'dashboard', 'client');

/**
 * Bundles the browser's scripts and styles into a folder.
 * Each by itself: what several have in common would else be files of their own, to be waited for one after the other.
 */
export async function bundleBrowser(folder) {
  for (const entry of ['main.ts', 'launch.ts', 'styles.css']) {
    await build({
      entryPoints: [join(client, entry)],
      bundle: true,
      splitting: true,
      chunkNames: '[name]-[hash]',
      minify: true,
      sourcemap: true,
      format: 'esm',
      target: 'es2022',
      outdir: folder,
      logLevel: 'warning',
    });
  }
}
