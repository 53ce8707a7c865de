import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { z } from 'zod';
import { mostOwnWorkloads, type OwnWorkloadEntry } from '../../../shared/catalog/own-workloads.js';
import { errorRecord, SigmasweepError } from '../../../shared/errors.js';
import { packageRoot } from '../../../shared/version.js';
import { definitionIn, type Definition, type Tasks } from './define.js';
import { entryOf } from './entry.js';

/** A workload that a worker brings along. */
export interface LoadedWorkload {
  readonly definition: Definition<Tasks, z.ZodObject>;
  readonly entry: OwnWorkloadEntry;
}

/** What its code imports of this software. */
const publicName = 'sigmasweep/workload';
const publicModule = pathToFileURL(
  path.join(packageRoot, 'dist', 'services', 'worker', 'workloads', 'own', 'public.js'),
);
const versionLength = 12;

/**
 * Loads the workloads that a worker's settings name. TypeScript is translated here, without a check of its types; a
 * file's own imports of other files are part of its version, packages are not.
 * @param places files (`./wine.ts`) and packages, seen from `folder`
 * @param cacheFolder where translated code is put
 * @throws SigmasweepError WORKLOAD_UNREADABLE, WORKLOAD_INVALID
 */
export async function loadOwnWorkloads(
  { places, folder }: { readonly places: readonly string[]; readonly folder: string },
  cacheFolder: string,
): Promise<LoadedWorkload[]> {
  const loaded: LoadedWorkload[] = [];
  for (const place of places) loaded.push(...(await loadPlace(place, path.resolve(folder), cacheFolder)));
  const twice = loaded.find(({ entry }, index) => loaded.findIndex((other) => other.entry.name === entry.name) < index);
  if (twice !== undefined) {
    throw new SigmasweepError(
      'WORKLOAD_INVALID',
      `Two workloads of ${places.join(', ')} are named ${twice.entry.name}`,
    );
  }
  if (loaded.length > mostOwnWorkloads) {
    throw new SigmasweepError(
      'WORKLOAD_INVALID',
      `SIGMASWEEP_WORKLOADS names ${loaded.length} workloads; a worker brings along ${mostOwnWorkloads} at most`,
    );
  }
  return loaded;
}

async function loadPlace(place: string, folder: string, cacheFolder: string): Promise<LoadedWorkload[]> {
  let exported: unknown;
  let version: string;
  try {
    const { code, portable } = await translate(place, folder);
    version = digestOf(portable).slice(0, versionLength);
    const file = path.resolve(cacheFolder, 'workloads', `${digestOf(code)}.mjs`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, code);
    exported = ((await import(pathToFileURL(file).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new SigmasweepError(
      'WORKLOAD_UNREADABLE',
      `The workload ${place} cannot be loaded from ${folder}: ${errorRecord(error).message}`,
      {
        hint: 'SIGMASWEEP_WORKLOADS names files (./wine.ts) and npm packages; docs/own-workload.md explains them.',
        cause: error,
      },
    );
  }
  const found = (Array.isArray(exported) ? (exported as unknown[]) : [exported]).map(definitionIn);
  if (found.length === 0 || found.includes(undefined)) {
    throw new SigmasweepError('WORKLOAD_INVALID', `${place} has no workload as its default export`, {
      hint: 'Write `export default defineWorkload({ … })`, or a list of them.',
    });
  }
  return found.flatMap((definition) =>
    definition === undefined ? [] : [{ definition, entry: entryOf(definition, version, place) }],
  );
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Before each file's part of the module: where it was. */
const placeComments = /^\/\/ .*$/gm;

/**
 * One module of a place's own files, and the same without anything that depends on where they and the packages are:
 * machines that keep them in different places have the same version.
 */
async function translate(place: string, folder: string): Promise<{ code: string; portable: string }> {
  const isFile = /^\.{0,2}\//.test(place) || path.isAbsolute(place) || /\.[cm]?[jt]s$/.test(place);
  const from = isFile && !place.startsWith('.') && !path.isAbsolute(place) ? `./${place}` : place;
  const packages = new Map<string, string>();
  const result = await build({
    stdin: { contents: `export { default } from ${JSON.stringify(from)};`, resolveDir: folder, loader: 'js' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    sourcemap: false,
    plugins: [packagesStay(from, packages)],
  });
  const code = result.outputFiles[0]?.text ?? '';
  const named = [...packages].reduce((text, [url, name]) => text.replaceAll(url, name), code);
  return { code, portable: named.replaceAll(placeComments, '') };
}

/**
 * Packages are not taken into the module: they are named by where they are, because the module will lie elsewhere. What
 * is imported of this software is always this very copy of it.
 * @param packages is given each one's name, by where it is
 */
function packagesStay(entry: string, packages: Map<string, string>): Plugin {
  return {
    name: 'packages-stay',
    setup(bundle) {
      bundle.onResolve({ filter: /^[^./]/ }, async ({ path: name, resolveDir, kind, importer, pluginData }) => {
        if (pluginData === packagesStay || path.isAbsolute(name)) return undefined;
        const stays = (url: string): { path: string; external: true } => {
          packages.set(url, name);
          return { path: url, external: true };
        };
        if (name === publicName) return stays(publicModule.href);
        if (name.startsWith('node:')) return { path: name, external: true };
        const found = await bundle.resolve(name, { resolveDir, kind, pluginData: packagesStay });
        if (found.errors.length > 0 || found.external) return found;
        // The place itself, where it is a package.
        if (importer === '<stdin>' && name === entry) return found;
        return stays(pathToFileURL(found.path).href);
      });
    },
  };
}
