import { randomBytes } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { SigmasweepError } from '../../shared/errors.js';
import { fetchDebianPackage } from './nats-debian.js';
import { fetchRelease, officialReleases, pinnedReleases, releaseUrl } from './nats-release.js';
import { formatNatsVersion, usableNatsVersion, type NatsVersion } from './nats-version.js';

/** A nats-server that can be run here. */
export interface NatsProgram {
  readonly path: string;
  readonly version: NatsVersion;
  /** Name of the step that gave it. */
  readonly source: string;
}

/** One way of getting at a nats-server. */
export interface NatsSource {
  readonly name: string;
  /** Told to the person before it is tried, for those that use the network. */
  readonly announce?: string;
  /** The path of a program. @throws Error with the reason when there is none */
  find(): Promise<string>;
}

/** Where the sources look. */
export interface NatsPlaces {
  /** PATH of this process. */
  readonly path: string;
  /** Folders for downloaded programs; the first that can be written to is used. */
  readonly caches: readonly string[];
}

const programName = platform() === 'win32' ? 'nats-server.exe' : 'nats-server';
/** Debian puts it where the PATH of ordinary users does not lead, Homebrew where that of other programs doesn't. */
const usualFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath({ path }: NatsPlaces): Promise<string> {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ''), ...usualFolders];
  const found = folders.map((folder) => join(folder, programName)).find(isProgram);
  return found === undefined ? Promise.reject(new Error('no nats-server is there')) : Promise.resolve(found);
}

/** The newest program that an earlier start has kept. */
function inCache({ caches }: NatsPlaces): Promise<string> {
  const kept = caches
    .filter(existsSync)
    .flatMap((cache) => readdirSync(cache).map((version) => join(cache, version, programName)))
    .filter(isProgram)
    .sort((a, b) => dirname(b).localeCompare(dirname(a), 'en', { numeric: true }));
  return kept[0] === undefined
    ? Promise.reject(new Error(`none is kept in ${caches.join(' or ')}`))
    : Promise.resolve(kept[0]);
}

/**
 * Keeps a fetched program in the first cache folder that can be written to. It appears there with one rename, so that
 * several starts at once do no harm.
 */
async function keep(fetched: string, { caches }: NatsPlaces): Promise<string> {
  const version = formatNatsVersion(await usableNatsVersion(fetched));
  let failure: unknown;
  for (const cache of caches) {
    const folder = join(cache, version);
    const draft = join(folder, `${programName}.${randomBytes(4).toString('hex')}`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 });
      await copyFile(fetched, draft);
      chmodSync(draft, 0o755);
      await rename(draft, join(folder, programName));
      return join(folder, programName);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      failure = error;
    }
  }
  throw new Error(`it cannot be kept: ${String(failure)}`, { cause: failure });
}

/** Fetches into a temporary folder and keeps the program. */
async function fetchAndKeep(places: NatsPlaces, fetch: (folder: string) => Promise<string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sigmasweep-nats-server-'));
  try {
    return await keep(await fetch(folder), places);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const ownRelease = pinnedReleases[`${platform()}-${arch()}`];

/** The official release of a pinned version, for a platform of which the checksum is known. */
export function releaseSource(places: NatsPlaces, release = ownRelease, base = officialReleases): NatsSource {
  const name = 'official release';
  if (release === undefined) {
    return { name, find: () => Promise.reject(new Error(`no checksum is known for ${platform()}-${arch()}`)) };
  }
  return {
    name,
    announce: `downloading nats-server ${release.version}`,
    find: () => fetchAndKeep(places, (folder) => fetchRelease(release, folder, base)),
  };
}

/** Every source, in the order in which they are tried. A new one is one entry. */
export function natsSources(places: NatsPlaces): readonly NatsSource[] {
  return [
    { name: 'PATH', find: () => onPath(places) },
    { name: 'cache', find: () => inCache(places) },
    releaseSource(places),
    {
      name: 'distribution’s package',
      announce: 'fetching nats-server from the distribution',
      find: () => fetchAndKeep(places, fetchDebianPackage),
    },
  ];
}

const byHand = platform() === 'darwin' ? 'brew install nats-server' : 'apt-get install nats-server, as root';

/**
 * Tries one source after the other until one gives a program that runs and is new enough.
 * @param announce told what is about to be fetched over the network
 * @throws SigmasweepError NATS_SERVER_NOT_FOUND with each source's reason
 */
export async function provideNatsServer(
  sources: readonly NatsSource[],
  announce: (what: string) => void = () => undefined,
): Promise<NatsProgram> {
  const reasons: string[] = [];
  for (const source of sources) {
    try {
      if (source.announce !== undefined) announce(source.announce);
      const path = await source.find();
      return { path, version: await usableNatsVersion(path), source: source.name };
    } catch (error) {
      reasons.push(`  ${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const address = ownRelease === undefined ? 'https://nats.io/download' : releaseUrl(ownRelease);
  throw new SigmasweepError(
    'NATS_SERVER_NOT_FOUND',
    `No nats-server could be found or fetched:\n${reasons.join('\n')}`,
    {
      hint: `Install it (${byHand}), or put the program of ${address} on PATH, or set NATS_URL to a running server.`,
    },
  );
}

/** What is there without any download: for a look at the machine. */
export function presentSources(places: NatsPlaces): readonly NatsSource[] {
  return natsSources(places).filter(({ announce }) => announce === undefined);
}
