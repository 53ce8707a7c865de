import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { SigmasweepError } from '../shared/errors.js';
import { packageRoot } from '../shared/version.js';

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
};

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same for the network, compressed once and not for each browser. */
  readonly compressed: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly hash: string;
}

/** The browser's files by name, held in memory: there are few. */
export type Assets = ReadonlyMap<string, Asset>;

export const builtAssets = join(packageRoot, 'dist', 'services', 'dashboard', 'public');

/**
 * @param folder where the build put the browser bundle
 * @throws SigmasweepError ASSETS_MISSING when it was not built
 */
export function readAssets(folder: string = builtAssets): Assets {
  const assets = new Map<string, Asset>();
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // The check below says what is missing.
  }
  for (const name of names) {
    const contentType = contentTypes[extname(name)];
    if (contentType === undefined) continue;
    const body = new Uint8Array(readFileSync(join(folder, name)));
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
    const compressed = new Uint8Array(gzipSync(body, { level: constants.Z_BEST_COMPRESSION }));
    assets.set(name, { body, compressed, contentType, hash });
  }
  const missing = ['main.js', 'launch.js', 'styles.css'].filter((name) => !assets.has(name));
  if (missing.length > 0) {
    throw new SigmasweepError('ASSETS_MISSING', `The dashboard's ${missing.join(' and ')} are not in ${folder}.`, {
      hint: 'Run `npm run build`.',
    });
  }
  return assets;
}

/** The address of a file, with its hash so that it may be cached for ever. */
export function assetUrl(assets: Assets, name: string): string {
  return `/assets/${name}?v=${assets.get(name)?.hash ?? ''}`;
}
