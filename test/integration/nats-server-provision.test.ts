import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsSources, provideNatsServer, releaseSource } from '../../services/cli/stack/nats-provision.js';
import { fetchRelease, pinnedReleases, releaseUrl, type NatsRelease } from '../../services/cli/stack/nats-release.js';
import { freePort } from '../../services/cli/stack/ports.js';
import { SigmasweepError } from '../../services/shared/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep nats server '));
const answers = new Map<string, (response: ServerResponse) => void>();
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers.get(request.url ?? '');
    if (answer === undefined) response.writeHead(404).end();
    else answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

let folders = 0;
function emptyFolder(): string {
  const path = join(folder, `folder ${(folders += 1)}`);
  mkdirSync(path);
  return path;
}

/** A program that answers as nats-server would. */
function writeProgram(path: string, version: string): string {
  writeFileSync(path, `#!/bin/sh\necho 'nats-server: v${version}'\n`, { mode: 0o755 });
  return path;
}

/** Offers a release at the local server, packed as the project packs them. */
function offerRelease(version: string): NatsRelease {
  const name = `nats-server-v${version}-test`;
  const sources = emptyFolder();
  mkdirSync(join(sources, name));
  writeProgram(join(sources, name, 'nats-server'), version);
  const archive = join(sources, 'archive.tar.gz');
  expect(spawnSync('tar', ['-czf', archive, '-C', sources, name]).status).toBe(0);
  const bytes = readFileSync(archive);
  const release = { version, target: 'test', sha256: createHash('sha256').update(bytes).digest('hex') };
  answers.set(new URL(releaseUrl(release, base)).pathname, (response) => response.end(bytes));
  return release;
}

const patient = { answerWithinMs: 30_000, stalledAfterMs: 30_000, maxBytes: 1024 * 1024 };
const impatient = { ...patient, answerWithinMs: 200, stalledAfterMs: 200 };

describe('the official release of nats-server', () => {
  it('is downloaded over redirects, checked, unpacked, kept, and found in the cache by the next start', async () => {
    const release = offerRelease('2.12.99');
    const real = new URL(releaseUrl(release, base)).pathname;
    answers.set(`/moved${real}`, (response) => response.writeHead(302, { location: real }).end());
    const places = { path: '', caches: [join(folder, 'cache')] };
    const told: string[] = [];
    const program = await provideNatsServer([releaseSource(places, release, `${base}/moved`)], (what) =>
      told.push(what),
    );
    expect(program).toMatchObject({ source: 'official release', version: { major: 2, minor: 12, patch: 99 } });
    expect(told).toEqual(['downloading nats-server 2.12.99']);

    const cache = natsSources(places).filter(({ name }) => name === 'cache');
    expect(await provideNatsServer(cache)).toEqual({ ...program, source: 'cache' });
  });

  it('is never unpacked when its checksum is another one', async () => {
    const release = { ...offerRelease('2.12.98'), sha256: '0'.repeat(64) };
    const target = emptyFolder();
    await expect(fetchRelease(release, target, base, patient)).rejects.toThrow(/SHA-256 is [0-9a-f]{64}.* 0{64}/);
    expect(readdirSync(target)).toEqual(['nats-server-v2.12.98-test.tar.gz']);
  });

  const released = { version: '1.0.0', target: 'test', sha256: '' };

  it.each([
    ['answers nothing', impatient, () => undefined, /did not answer within 0\.2 s/],
    [
      'stalls in the middle',
      impatient,
      (response: ServerResponse) => response.write('a'),
      /stalled after \d bytes|answer within/,
    ],
    ['sends too much', patient, (response: ServerResponse) => response.end(Buffer.alloc(1_100_000)), /larger than/],
    ['has an error', patient, (response: ServerResponse) => response.writeHead(503, 'Busy').end(), /answered 503 Busy/],
    [
      'redirects forever',
      patient,
      (response: ServerResponse) => response.writeHead(302, { location: '#' }).end(),
      /redirects/,
    ],
  ])('gives up with the reason when the server %s', async (_what, limits, answer, reason) => {
    answers.set(new URL(releaseUrl(released, base)).pathname, answer);
    await expect(fetchRelease(released, emptyFolder(), base, limits)).rejects.toThrow(reason);
  });

  it('gives up at once when nobody listens', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await expect(fetchRelease(released, emptyFolder(), nobody, patient)).rejects.toThrow(
      /127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/,
    );
  });

  it('is pinned with a whole checksum for every platform', () => {
    for (const [platform, release] of Object.entries(pinnedReleases)) {
      expect(release.sha256, platform).toMatch(/^[0-9a-f]{64}$/);
      expect(release.target.split('-')[0], platform).toBe(platform.split('-')[0]);
    }
    const sums = Object.values(pinnedReleases).map(({ sha256 }) => sha256);
    expect(new Set(sums).size).toBe(sums.length);
  });
});

describe('looking for a nats-server', () => {
  const source = (name: string, path: string | Error) => ({
    name,
    find: () => (path instanceof Error ? Promise.reject(path) : Promise.resolve(path)),
  });

  it('passes over what is too old, broken or something else, and takes the first that works', async () => {
    const home = emptyFolder();
    const old = writeProgram(join(home, 'old'), '2.8.4');
    const other = join(home, 'other');
    writeFileSync(other, '#!/bin/sh\necho hello\n', { mode: 0o755 });
    const good = writeProgram(join(home, 'good'), '2.9.0');
    const sources = [
      source('first', new Error('there is none')),
      source('old', old),
      source('other', other),
      source('absent', join(home, 'absent')),
    ];
    expect(await provideNatsServer([...sources, source('good', good), source('never', new Error())])).toMatchObject({
      path: good,
      source: 'good',
    });

    const error = await provideNatsServer(sources).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SigmasweepError);
    const { code, message, hint } = error as SigmasweepError;
    expect(code).toBe('NATS_SERVER_NOT_FOUND');
    expect(message.split('\n').slice(1)).toEqual([
      '  first: there is none',
      `  old: ${old} is version 2.8.4, and 2.9.0 or newer is needed`,
      `  other: ${other} does not say its version`,
      expect.stringMatching(/^ {2}absent: .*is not on this system$/),
    ]);
    expect(hint).toMatch(/NATS_URL/);
  });

  it('prefers PATH and the newest of the cache, and keeps downloads where it may', async () => {
    const home = emptyFolder();
    const places = { path: `/nonexistent:${home}`, caches: [join(home, 'cache')] };
    writeProgram(join(home, 'nats-server'), '2.10.0');
    for (const version of ['2.9.9', '2.12.3', '2.11.10']) {
      mkdirSync(join(home, 'cache', version), { recursive: true });
      writeProgram(join(home, 'cache', version, 'nats-server'), version);
    }
    const [path, cache] = natsSources(places);
    expect(await path?.find()).toBe(join(home, 'nats-server'));
    expect(await cache?.find()).toBe(join(home, 'cache', '2.12.3', 'nats-server'));

    writeFileSync(join(home, 'a file'), '');
    const second = join(home, 'second');
    const release = releaseSource({ path: '', caches: [join(home, 'a file'), second] }, offerRelease('2.12.97'), base);
    expect(await release.find()).toBe(join(second, '2.12.97', 'nats-server'));
    expect(existsSync(join(second, '2.12.97'))).toBe(true);
  });
});
