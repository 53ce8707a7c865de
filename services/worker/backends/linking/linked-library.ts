import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BackendUnusable } from '../candidate.js';
import type { NativePackage } from '../native-packages.js';

/** What is remembered of a native package's link to a TensorFlow. */
export interface LinkFacts {
  readonly packageName: NativePackage;
  /** Of the npm package whose binding was compiled. */
  readonly packageVersion: string;
  readonly platform: string;
  /** Folder of the Python package. */
  readonly tensorflow: string;
  /** Its version when it was linked. */
  readonly version: string;
  /** Absolute paths of TensorFlow's shared libraries. */
  readonly libraries: readonly string[];
}

export interface Link extends LinkFacts {
  /** The compiled binding. */
  readonly library: string;
}

const libraryName = 'tfjs_binding.node';
const factsName = 'link.json';
const linkHint =
  'Link it again with `npx sigmasweep backend link <folder of tensorflow>`, or take it away with `npx sigmasweep backend unlink`.';

/** The kind of machine that a compiled binding is for. */
export const thisPlatform = `${process.platform}-${process.arch}`;

/** A package's folder in the folder of links; at most one link for each package. */
function folderOf(links: string, packageName: NativePackage): string {
  return join(links, packageName.replace('@tensorflow/', ''));
}

/**
 * The link of a native package.
 * @param links folder of all links
 * @returns undefined when there is none
 * @throws BackendUnusable when what it was linked to or made for is gone
 */
export function readLink(links: string, packageName: NativePackage, packageVersion: string): Link | undefined {
  const link = peekLink(links, packageName);
  if (link === undefined) return undefined;
  const gone = [link.library, ...link.libraries].find((file) => !existsSync(file));
  if (gone !== undefined) throw new BackendUnusable(`${gone}, to which it is linked, is gone`, linkHint);
  if (link.platform !== thisPlatform) {
    throw new BackendUnusable(`its link was made on ${link.platform}, this is ${thisPlatform}`, linkHint);
  }
  if (link.packageVersion !== packageVersion) {
    throw new BackendUnusable(
      `its link was made for ${packageName} ${link.packageVersion}, installed is ${packageVersion}`,
      linkHint,
    );
  }
  return link;
}

/** Like `readLink`, without looking whether the link still holds. @throws BackendUnusable when it cannot be read */
export function peekLink(links: string, packageName: NativePackage): Link | undefined {
  const folder = folderOf(links, packageName);
  const file = join(folder, factsName);
  if (!existsSync(file)) return undefined;
  try {
    const facts = JSON.parse(readFileSync(file, 'utf8')) as LinkFacts;
    if (!Array.isArray(facts.libraries)) throw new TypeError('libraries is no list');
    return { ...facts, library: join(folder, libraryName) };
  } catch (cause) {
    throw new BackendUnusable(`${file} cannot be read`, linkHint, cause);
  }
}

/**
 * Makes a link, or replaces one, as a whole: whoever starts meanwhile finds the old one or the new one, and a link that
 * fails leaves what was there.
 * @param make writes the library to the path it is given and says what is to be remembered
 */
export async function writeLink(
  links: string,
  packageName: NativePackage,
  make: (library: string) => Promise<LinkFacts>,
): Promise<Link> {
  const folder = folderOf(links, packageName);
  mkdirSync(dirname(folder), { recursive: true });
  const building = mkdtempSync(`${folder}.building-`);
  try {
    const facts = await make(join(building, libraryName));
    writeFileSync(join(building, factsName), `${JSON.stringify(facts, undefined, 2)}\n`);
    // A folder cannot be renamed onto one that is not empty. Programs that have the old library loaded keep it.
    rmSync(folder, { recursive: true, force: true });
    renameSync(building, folder);
    return { ...facts, library: join(folder, libraryName) };
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** Takes a link away, also one that cannot be read. @returns what it was, undefined when there was none */
export function removeLink(links: string, packageName: NativePackage): Link | undefined {
  const folder = folderOf(links, packageName);
  if (!existsSync(folder)) return undefined;
  const link = linkOrUnreadable(links, packageName);
  rmSync(folder, { recursive: true });
  return link;
}

function linkOrUnreadable(links: string, packageName: NativePackage): Link {
  try {
    const link = peekLink(links, packageName);
    if (link !== undefined) return link;
  } catch {
    // It is taken away whatever it was.
  }
  const unknown = 'unknown';
  return {
    packageName,
    packageVersion: unknown,
    platform: unknown,
    tensorflow: unknown,
    version: unknown,
    libraries: [],
    library: join(folderOf(links, packageName), libraryName),
  };
}
