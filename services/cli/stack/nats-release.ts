import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runProgram } from './run-program.js';

/** An archive of an official release. */
export interface NatsRelease {
  readonly version: string;
  /** The operating system and processor in the archive's name. */
  readonly target: string;
  /** Of the tar.gz, in hexadecimal. */
  readonly sha256: string;
}

/** Where the releases of nats-server are. */
export const officialReleases = 'https://github.com/nats-io/nats-server/releases/download';

/**
 * The release for each platform, by Node's names for system and processor. The checksums are those of the releases'
 * SHA256SUMS files; an archive with another one is never unpacked.
 */
export const pinnedReleases: Readonly<Record<string, NatsRelease>> = {
  'linux-x64': {
    version: '2.12.15',
    target: 'linux-amd64',
    sha256: '58ab8131f819263897e2fc38e503e1b755b63bcafeecc7d12582487df48ca15e',
  },
  'linux-arm64': {
    version: '2.12.15',
    target: 'linux-arm64',
    sha256: 'b724db99fefbf8f5c808baa82819ee50350aee9734017e4a478f7e545cef3ab6',
  },
  'linux-arm': {
    version: '2.12.15',
    target: 'linux-arm7',
    sha256: '72311fe4e14ce3ce22dc8e7ac02633e6f31a9bab4086c92a31fd040e59683c8a',
  },
  'linux-ppc64': {
    version: '2.12.15',
    target: 'linux-ppc64le',
    sha256: '56447e72ec0551fa27a4368388dee475e028d4d5de6d97a802d944c6f278cf1e',
  },
  'darwin-x64': {
    version: '2.11.8',
    target: 'darwin-amd64',
    sha256: '002c943c1ed39c55cc5e024debfc02685111fcb2b1cbd887aad39ac977037477',
  },
  'darwin-arm64': {
    version: '2.11.8',
    target: 'darwin-arm64',
    sha256: '23e0c5354c2da385708946a21900c944fcb9a3bbfd02aae27a4ae750dea0b682',
  },
};

/** Limits of a download. */
export interface DownloadLimits {
  /** For each server on the way to answer. */
  readonly answerWithinMs: number;
  /** Without a single byte. */
  readonly stalledAfterMs: number;
  readonly maxBytes: number;
}

const usualLimits: DownloadLimits = { answerWithinMs: 5000, stalledAfterMs: 20_000, maxBytes: 100 * 1024 * 1024 };
const maxRedirects = 5;

/** Name of a release's folder, which is also its archive's name without the ending. */
const archiveName = (release: NatsRelease) => `nats-server-v${release.version}-${release.target}`;

/** The address of a release's archive. */
export function releaseUrl(release: NatsRelease, base = officialReleases): string {
  return `${base}/v${release.version}/${archiveName(release)}.tar.gz`;
}

/** Follows redirects by hand, so that every server on the way has its own time limit. */
async function request(url: string, limits: DownloadLimits, redirects = 0): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limits.answerWithinMs);
  const { host } = new URL(url);
  let response: Response;
  try {
    response = await fetch(url, { redirect: 'manual', signal: controller.signal });
  } catch (cause) {
    if (controller.signal.aborted) {
      throw new Error(`${host} did not answer within ${limits.answerWithinMs / 1000} s`, { cause });
    }
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new Error(`${host} cannot be reached: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
  const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
  if (location !== null) {
    await response.body?.cancel();
    if (redirects === maxRedirects) throw new Error(`${host} redirects more than ${maxRedirects} times`);
    return request(new URL(location, url).href, limits, redirects + 1);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${host} answered ${response.status} ${response.statusText}`.trimEnd());
  }
  return response;
}

async function download(url: string, file: string, limits: DownloadLimits): Promise<void> {
  const { body } = await request(url, limits);
  if (body === null) throw new Error('the answer is empty');
  let bytes = 0;
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), limits.stalledAfterMs);
  const watch = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      timer.refresh();
      bytes += chunk.length;
      if (bytes > limits.maxBytes) done(new Error(`the archive is larger than ${limits.maxBytes} bytes`));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(body), watch, createWriteStream(file), { signal: stalled.signal });
  } catch (cause) {
    if (stalled.signal.aborted) throw new Error(`the download stalled after ${bytes} bytes`, { cause });
    throw cause;
  } finally {
    clearTimeout(timer);
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Downloads a release, checks it and unpacks it.
 * @param folder empty, for the archive and what is in it
 * @returns the path of the program
 * @throws Error that says which step failed and why
 */
export async function fetchRelease(
  release: NatsRelease,
  folder: string,
  base = officialReleases,
  limits: DownloadLimits = usualLimits,
): Promise<string> {
  const archive = join(folder, `${archiveName(release)}.tar.gz`);
  await download(releaseUrl(release, base), archive, limits);
  const found = await sha256Of(archive);
  if (found !== release.sha256) {
    throw new Error(`the archive's SHA-256 is ${found}, and ${release.sha256} was expected: it is not used`);
  }
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  await runProgram('tar', ['-xzf', archive, '-C', unpacked], { timeoutMs: 60_000 });
  return join(unpacked, archiveName(release), 'nats-server');
}
