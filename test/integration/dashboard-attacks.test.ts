import { request } from 'node:http';
import { Hono } from 'hono';
import { contextStorage } from 'hono/context-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccess } from '../../services/dashboard/access/access.js';
import { everySweep, LiveChanges } from '../../services/dashboard/live/live-changes.js';
import { eventRoutes } from '../../services/dashboard/routes/events.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { until } from '../helpers/deadline.js';
import { seededTrialId, seedSweep, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';

const operate = 'the secret to operate';
const view = 'the secret to view only';
const script = '<script>alert(1)</script><img src=x onerror="alert(2)">';
const sweep: SeedOptions = {
  id: 'sweep-attacked',
  name: script,
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.5]).map((setting) => ({ ...setting, label: `${setting.label} ${script}` })),
  seeds: 1,
  epochs: 4,
  labelSuffix: script,
  logText: script,
  state: (position) => (position === 1 ? 'failed' : 'succeeded'),
};

let rig: DashboardRig;

beforeAll(async () => {
  rig = await startDashboardRig({
    token: operate,
    viewToken: view,
    limits: {
      login: { burst: 4, perSecond: 0.001 },
      changes: { burst: 40, perSecond: 0.001 },
      streams: 3,
      streamLife: 400,
    },
  });
  await seedSweep(rig.client, sweep);
  for (const [target, trialId] of [
    [sweep.id, null],
    [seededTrialId(sweep, 1), seededTrialId(sweep, 1)],
  ] as const) {
    await rig.client.query(
      'INSERT INTO annotation (target, sweep_id, trial_id, notes, tags) VALUES ($1, $2, $3, $4, $5)',
      [target, sweep.id, trialId, script, [script, 'a"><script>alert(3)</script>']],
    );
  }
});
afterAll(() => rig.close());

type Headers = Readonly<Record<string, string>>;
const bearer = (secret: string): Headers => ({ Authorization: `Bearer ${secret}` });
const get = (path: string, headers: Headers = bearer(operate)): Promise<Response> =>
  fetch(`${rig.url}${path}`, { headers, redirect: 'manual' });
const post = (path: string, headers: Headers, fields: Record<string, string> = {}): Promise<Response> =>
  fetch(`${rig.url}${path}`, { method: 'POST', headers, body: new URLSearchParams(fields), redirect: 'manual' });
const own = (): Headers => ({ Origin: rig.url });

/** Logs in and gives the cookie as a browser would send it. */
async function login(
  secret: string,
  fields: Record<string, string> = {},
): Promise<{ cookie: string; response: Response }> {
  const response = await post('/login', own(), { secret, ...fields });
  return { response, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

describe('who is not known', () => {
  it.each(['/', '/launch', '/workers', `/sweeps/${sweep.id}`])('is led from %s to the login and back', async (path) => {
    const response = await get(path, { Accept: 'text/html' });
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe(`/login?next=${encodeURIComponent(path)}`);
  });

  it.each([
    `/sweeps/${sweep.id}/table.csv`,
    `/sweeps/${sweep.id}/fragment/trials`,
    `/sweeps/${sweep.id}/charts.json`,
    `/parts?of=/sweeps/${sweep.id}/charts.json&has=`,
    '/events',
    `/pictures/${seededTrialId(sweep, 0)}/1/4/0/depth/truth.png`,
    '/api/v1/spec-schema',
  ])('gets nothing from %s', async (path) => {
    const response = await get(path, {});
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('alert');
  });

  it('may ask whether the server lives, and nothing else', async () => {
    expect((await get('/healthz', {})).status).toBe(200);
    expect((await post(`/sweeps/${sweep.id}/cancel`, own())).status).toBe(401);
  });
});

describe('a session', () => {
  it('begins with the secret, in a cookie that scripts and other sites do not get, and ends for good', async () => {
    const { response, cookie } = await login(operate, { name: 'Ada <b>', next: '/workers' });
    expect(response.headers.get('location')).toBe('/workers');
    const set = response.headers.get('set-cookie') ?? '';
    for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Expires=']) expect(set).toContain(part);
    expect(set).not.toContain(operate);
    const page = await (await get('/', { Cookie: cookie })).text();
    expect(page).toContain('Ada &lt;b&gt;');
    expect((await post('/logout', { ...own(), Cookie: cookie })).status).toBe(303);
    // A copy of the cookie is of no use any more.
    expect((await get('/api/v1/spec-schema', { Cookie: cookie })).status).toBe(401);
    expect(rig.accessEvents).toEqual(['login', 'logout']);
  });

  it('is not made by hand', async () => {
    const { cookie } = await login(view);
    const [name = '', value = ''] = cookie.split('=');
    const [body = '', signature = ''] = value.split('.');
    const raised = Buffer.from(body, 'base64url').toString().replace('"view"', '"operate"');
    const forged = `${name}=${Buffer.from(raised).toString('base64url')}.${signature}`;
    expect((await post(`/sweeps/${sweep.id}/cancel`, { ...own(), Cookie: forged })).status).toBe(401);
    expect(rig.commands).toEqual([]);
  });

  it('of a viewer sees everything, is offered no button, and changes nothing', async () => {
    const { cookie } = await login(view);
    const page = await (await get(`/sweeps/${sweep.id}`, { Cookie: cookie, Accept: 'text/html' })).text();
    expect(page).toContain('view only');
    expect(page).not.toMatch(/action="\/sweeps\/[^"]*\/(retry|cancel)"/);
    expect(await (await get(`/sweeps/${sweep.id}`)).text()).toMatch(/action="\/sweeps\/[^"]*\/retry"/);
    for (const path of ['cancel', 'retry', 'pause', 'resume', 'priority'].map(
      (deed) => `/sweeps/${sweep.id}/${deed}`,
    )) {
      expect((await post(path, { ...own(), Cookie: cookie })).status, path).toBe(403);
    }
    expect((await post('/launch/check', { ...own(), Cookie: cookie }, { spec: 'name: x' })).status).toBe(200);
    expect(rig.commands).toEqual([]);
    expect(rig.submissions).toEqual([]);
  });
});

describe('a forged request of another site', () => {
  it.each([
    ['an origin', { Origin: 'https://evil.example' }],
    ['no origin at all', {}],
    ['an opaque origin', { Origin: 'null' }],
    ['a browser that says so', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a neighbour of the same domain', { 'Sec-Fetch-Site': 'same-site' }],
    ['an origin that only looks alike', { Origin: 'http://127.0.0.1.evil.example' }],
  ])('is refused with %s, cookie or not', async (_, headers: Headers) => {
    const { cookie } = await login(operate);
    for (const path of [
      ...['cancel', 'pause', 'resume', 'priority'].map((deed) => `/sweeps/${sweep.id}/${deed}`),
      ...['/launch', '/login', '/logout'],
    ]) {
      expect((await post(path, { ...headers, Cookie: cookie })).status, path).toBe(403);
    }
    expect(rig.commands).toEqual([]);
  });

  it('cannot frame a page, nor run a script in one', async () => {
    const { headers } = await get('/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('script in names, labels, logs, notes and tags', () => {
  it('is text wherever it is shown', async () => {
    const trial = seededTrialId(sweep, 1);
    for (const path of [
      '/',
      `/sweeps/${sweep.id}`,
      `/trials/${trial}`,
      '/launch',
      `/sweeps/${sweep.id}?find=${script}`,
      `/sweeps/${sweep.id}/delete`,
      `/sweeps/${sweep.id}/report.html`,
      `/?find=${script}`,
      `/?tag=${encodeURIComponent(script)}`,
      '/actions',
      '/workers',
    ]) {
      const html = await (await get(path)).text();
      expect(html, path).not.toMatch(/<script>|<img src=x/);
    }
  });
});

describe('injection in filters and sort', () => {
  it.each(["' OR 1=1 --", "'; DROP TABLE trial; --", '$1', '\0', '__proto__', 'a'.repeat(50)])(
    '%j changes nothing',
    async (evil) => {
      const value = encodeURIComponent(evil);
      for (const name of ['state', 'page', 'sort', 'order', 'find', 'kind', 'group', 'col', 'hide', 'pin']) {
        const { status } = await get(`/sweeps/${sweep.id}?${name}=${value}`);
        expect(status, name).toBe(200);
      }
      const { rows } = await rig.client.query<{ n: number }>('SELECT count(*)::int AS n FROM trial');
      expect(rows[0]?.n).toBe(4);
    },
  );
});

describe('a path out of the files', () => {
  it.each([
    '/assets/../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/%00main.js',
    '/sweeps/..%2f..%2fetc%2fpasswd/table.csv',
    `/sweeps/${sweep.id}/table.csv%2f..%2f..`,
    `/sweeps/${sweep.id}/charts/..%2f..%2fpackage.json.svg`,
    `/api/v1/sweeps/${sweep.id}/..%2f..%2f..%2fpackage.json`,
    `/pictures/${seededTrialId(sweep, 0)}/1/4/0/..%2f..%2fdepth/truth.png`,
    '/launch?example=..%2f..%2fpackage',
  ])('%s is not found', async (path) => {
    // Not with fetch, which tidies a path before it is sent.
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(rig.url);
      request({ hostname, port, path, headers: bearer(operate) }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });
});

describe('too much', () => {
  it('refuses large bodies, with their length or without', async () => {
    const large = 'x'.repeat(80_000);
    const counted = await post(
      `/sweeps/${sweep.id}/cancel`,
      { ...own(), ...bearer(operate), Connection: 'close' },
      { large },
    );
    expect(counted.status).toBe(413);
    const uncounted = await fetch(`${rig.url}/sweeps/${sweep.id}/cancel`, {
      method: 'POST',
      headers: { ...own(), ...bearer(operate), Connection: 'close' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    });
    expect(uncounted.status).toBe(413);
    expect((await post('/login', { ...own(), Connection: 'close' }, { secret: large })).status).toBe(413);
  });

  it('closes event streams after a while, and opens only so many', async () => {
    const open = async () => fetch(`${rig.url}/events`, { headers: bearer(operate) });
    const streams = await Promise.all([open(), open(), open()]);
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await open();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('30');
    // Each ends by itself, and then there is room again.
    for (const stream of streams) expect(await stream.text()).toContain('retry:');
    await until(async () => (await open()).status === 200, { deadlineMs: 5000, what: 'a stream to be let in again' });
  });

  it('stops counting guesses of the secret and does not look at more, in form or header', async () => {
    const seen: number[] = [];
    for (let guess = 0; guess < 6; guess += 1) {
      const response =
        guess % 2 === 0
          ? await post('/login', own(), { secret: `guess number ${String(guess)}` })
          : await get('/', bearer(`guess number ${String(guess)}`));
      seen.push(response.status);
    }
    expect(seen).toEqual([401, 401, 401, 401, 429, 429]);
    // Not even the right one is looked at, so that nothing can be learnt; sessions that stand go on.
    const right = await post('/login', own(), { secret: operate });
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('an event stream that nobody reads', () => {
  it('gets one event for all changes meanwhile: nothing piles up', async () => {
    const live = new LiveChanges(() => Promise.resolve(''), { minGap: 0, pollEvery: 60_000 });
    const access = createAccess({ token: undefined, viewToken: undefined, sessionHours: 1, proxies: 0 });
    const app = new Hono().use(contextStorage()).route('/', eventRoutes({ live, access }));
    const readers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const reader = (await app.request('/events')).body?.pipeThrough(new TextDecoderStream()).getReader();
        // The beginning is read, and then nothing more.
        expect((await reader?.read())?.value).toContain('retry:');
        return reader;
      }),
    );
    const [told, count] = [new Set<number>(), 500];
    live.watch(everySweep, { changed: () => told.add(told.size), closed: () => undefined });
    for (let change = 0; change < count; change += 1) {
      live.notice('sweep-any');
      const before = told.size;
      await until(() => told.size > before, { deadlineMs: 2000, what: 'the change to be told', intervalMs: 0 });
    }
    live.close();
    for (const reader of readers) {
      let text = '';
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) text += part.value;
      const events = text.match(/event: change/g)?.length ?? 0;
      expect(events).toBeGreaterThan(0);
      expect(events).toBeLessThan(10);
    }
    expect(told.size).toBe(count);
  });
});
