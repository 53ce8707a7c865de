import { request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { awkwardText, awkwardValue, edited, edits, editedText, fuzzBudget, textEdits } from '../helpers/fuzz.js';
import { seededTrialId, seedSweep, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';

const operate = 'the secret to operate';
const sweep: SeedOptions = {
  id: 'sweep-fuzzed',
  name: 'fuzzed',
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.5]),
  seeds: 1,
  epochs: 3,
  samples: 1,
  state: (position) => (position === 1 ? 'failed' : position === 2 ? 'running' : 'succeeded'),
};
const trial = seededTrialId(sweep, 0);

let rig: DashboardRig;

beforeAll(async () => {
  const unlimited = { burst: 1e9, perSecond: 1e9 };
  rig = await startDashboardRig({
    token: operate,
    coordinator: true,
    limits: { login: unlimited, allLogins: unlimited, changes: unlimited, checks: unlimited, streamLife: 100 },
  });
  await seedSweep(rig.client, sweep);
});
afterAll(() => rig.close());

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Not with fetch, which tidies a path before it is sent, and refuses methods. @returns the status, 0 for none */
function send({ method, path, headers, body }: Sent): Promise<number> {
  const { hostname, port } = new URL(rig.url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', reject);
    });
    // A refused body may still be on its way when the answer is there and the connection ends.
    asked.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(0);
      else reject(error);
    });
    asked.end(body);
  });
}

const encoded = awkwardText.map((text) =>
  encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8')).slice(0, 6000),
);
const broken = fc.constantFrom('%', '%zz', '%e0%a4', '%00', '..', '.', '%2e%2e', '%2f', ';', '@', ':', '\\', '//', '');
const known = fc.constantFrom(sweep.id, trial, 'depth', 'semantic', 'truth', 'prediction', '1', '0', '3', 'latest');
const part = fc.oneof(
  { weight: 4, arbitrary: known },
  { weight: 1, arbitrary: encoded },
  { weight: 1, arbitrary: broken },
  {
    weight: 1,
    arbitrary: fc.constantFrom('table.csv', 'charts.json', 'report.html', 'x.svg', 'protocol.md', 'main.js'),
  },
);

/** An address of a route, each of its parameters filled in: `:id`, `:file{.+}`. */
function addressOf(path: string): fc.Arbitrary<string> {
  const segments = path.split('/').map((segment) => {
    if (segment === '*') return part;
    if (!segment.startsWith(':')) return fc.constant(segment);
    return /^:(sweepId|id)$/.test(segment)
      ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(sweep.id, trial) }, part)
      : part;
  });
  return fc.tuple(...segments).map((filled) => filled.join('/') || '/');
}

const queryNames = [
  ...['state', 'page', 'sort', 'order', 'find', 'tag', 'archived', 'kind', 'group', 'col', 'hide', 'pin', 'only'],
  ...['example', 'sweep', 'next', 'launched', 'saved', 'deleted', 'limit', 'after', 'metric', 'task', 'split', 'with'],
];
const query = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...queryNames), encoded), fc.oneof(known, encoded, broken)), {
    maxLength: 5,
  })
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`));

// Node’s own client refuses other characters before anything is sent.
const headerText = awkwardText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 4000));
const extraHeaders = fc.dictionary(
  fc.constantFrom(
    'cookie',
    'accept',
    'accept-encoding',
    'if-none-match',
    'range',
    'sec-fetch-site',
    'x-forwarded-for',
    'last-event-id',
  ),
  fc.oneof(headerText, fc.constantFrom('text/html', 'gzip', 'br, deflate', '*/*', 'bytes=0-', 'same-origin', '1')),
  { maxKeys: 3 },
);

const text = 'name: x\nworkload: rehearsal\ntasks: [semantic, depth]\ngrid: { simplex: { step: 0.5 } }\nepochs: 1\n';
const spec = {
  name: 'x',
  workload: 'rehearsal',
  tasks: ['semantic', 'depth'],
  weightings: [{ method: 'uncertainty' }],
  epochs: 1,
};
const form = fc
  .record({
    spec: fc.oneof(
      textEdits.map((changes) => editedText(text, changes)),
      awkwardText,
    ),
    quick: fc.constantFrom('', 'yes'),
    action: fc.constantFrom('check', 'launch', ''),
    key: awkwardText,
    notes: awkwardText,
    tags: awkwardText,
    secret: awkwardText,
  })
  .map((fields) => new URLSearchParams(fields).toString());
const json = fc.oneof(
  edits.map((changes) =>
    JSON.stringify(edited({ spec, notes: 'a', tags: ['a'], archived: true, idempotencyKey: 'k' }, changes)),
  ),
  fc
    .constantFrom({ spec }, { spec: text }, { notes: 'a' }, { archived: true }, { tags: ['b'] })
    .map((body) => JSON.stringify(body)),
  awkwardValue.map((value) => JSON.stringify(value)),
);
const body = fc.oneof(
  form.map((content) => ({ type: 'application/x-www-form-urlencoded', content })),
  json.map((content) => ({ type: 'application/json', content })),
  fc.uint8Array({ maxLength: 500 }).map((content) => ({ type: 'multipart/form-data; boundary=x', content })),
  fc.record({ type: headerText, content: fc.oneof(awkwardText, fc.constant('x'.repeat(200_000))) }),
);
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'] as const;

describe('fuzz: the dashboard answers whatever it is asked, and never with a fault of its own', () => {
  it('requests to every route', async () => {
    const routes = rig.routes.filter(({ method, path }) => method !== 'ALL' && path !== '/*');
    expect(routes.length).toBeGreaterThan(40);
    const sent = fc.constantFrom(...routes).chain(({ method, path }) =>
      fc.record({
        method: fc.oneof(
          { weight: 5, arbitrary: fc.constant(method) },
          { weight: 1, arbitrary: fc.constantFrom(...methods) },
        ),
        path: fc
          .tuple(addressOf(path), query)
          .map(([address, asked]) => (address + asked).replace(/[^\x21-\x7e]/g, '%20')),
        isOurs: fc.boolean(),
        isKnown: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
        headers: extraHeaders,
        body,
      }),
    );
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(sent, async ({ method, path, isOurs, isKnown, headers, body: { type, content } }) => {
        const withBody = !['GET', 'HEAD', 'TRACE', 'OPTIONS'].includes(method);
        const status = await send({
          method,
          path,
          headers: {
            ...headers,
            Connection: 'close',
            ...(isOurs || withBody ? { Origin: rig.url } : {}),
            ...(isKnown ? { Authorization: `Bearer ${operate}` } : {}),
            ...(withBody ? { 'Content-Type': type.trim() } : {}),
          },
          body: withBody ? content : '',
        });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(status, `${method} ${path}`).toBeLessThan(500);
      }),
      fuzzBudget(250),
    );
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404]));
    expect(await send({ method: 'GET', path: '/healthz', headers: {}, body: '' })).toBe(200);
  });

  it('bytes that are no HTTP', async () => {
    const { hostname, port } = new URL(rig.url);
    const lines = fc.constantFrom(
      ...[
        'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET  HTTP/9.9\r\n\r\n',
        'POST /launch HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
      ],
      ...[
        'GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
        'CONNECT a:1 HTTP/1.1\r\n\r\n',
        'GET * HTTP/1.1\r\nHost: \0\r\n\r\n',
      ],
      ...[
        'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        'GET http://evil/ HTTP/1.1\r\nHost:\r\n\r\n',
      ],
      ...[
        `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
        'GET / HTTP/1.1\r\nHost: a b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      ],
      ...['GET //[ HTTP/1.1\r\nHost: [\r\n\r\n', 'GET / HTTP/1.1\r\nHost: \xff:99999\r\n\r\n'],
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
      fc.tuple(lines, textEdits).map(([line, changes]) => Buffer.from(editedText(line, changes), 'latin1')),
      lines.map((line) => Buffer.from(line, 'latin1')),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (data) => {
        const answered = await new Promise<string>((resolve) => {
          let seen = '';
          const socket = connect(Number(port), hostname);
          socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')));
          socket.on('error', () => undefined);
          socket.once('close', () => resolve(seen));
          socket.end(data);
        });
        expect(answered).not.toMatch(/^HTTP\/1\.1 5/);
      }),
      fuzzBudget(60),
    );
    expect(await send({ method: 'GET', path: '/healthz', headers: {}, body: '' })).toBe(200);
  });
});
