import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { comparisonDocument } from '../../services/shared/compare/comparison-document.js';
import { apiError } from '../../services/dashboard/api/errors.js';
import { endpoints } from '../../services/dashboard/api/registry.js';
import { packageRoot } from '../../services/shared/version.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { seededTrialId, seedSweep, seedWorkers, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';

const operate = 'the secret to operate';
const view = 'the secret to view only';
const done: SeedOptions = {
  id: 'sweep-apidone',
  name: 'done',
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.5, 0.9]),
  seeds: 2,
  epochs: 6,
  samples: 1,
  state: (position) => (position === 3 ? 'failed' : 'succeeded'),
};
const trialId = seededTrialId(done, 4);

let rig: DashboardRig;

beforeAll(async () => {
  rig = await startDashboardRig({ token: operate, viewToken: view, coordinator: true });
  await seedSweep(rig.client, done);
  await seedWorkers(rig.client, []);
});
afterAll(() => rig.close());

type Json = Record<string, unknown>;
async function call(
  method: string,
  path: string,
  options: { body?: unknown; secret?: string | undefined; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Json }> {
  const { body, secret = operate, headers = {} } = options;
  const response = await fetch(`${rig.url}/api/v1${path}`, {
    method,
    headers: {
      ...(secret === '' ? {} : { Authorization: `Bearer ${secret}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return { status: response.status, body: (await response.json()) as Json };
}
const get = async (path: string): Promise<Json> => {
  const { status, body } = await call('GET', path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};
const list = (body: Json, name: string): Json[] => body[name] as Json[];

/** Reads a list in parts to its end. */
async function whole(path: string, name: string, limit: number): Promise<Json[]> {
  const items: Json[] = [];
  let after: string | null = null;
  do {
    const body: Json = await get(
      `${path}${path.includes('?') ? '&' : '?'}limit=${String(limit)}${after === null ? '' : `&after=${after}`}`,
    );
    expect(list(body, name).length).toBeLessThanOrEqual(limit);
    items.push(...list(body, name));
    after = body['next'] as string | null;
  } while (after !== null);
  return items;
}

describe('the description of the API', () => {
  it('is served as it lies in docs, names every operation once, and refers to nothing that is not there', async () => {
    const document = await get('/openapi.json');
    expect(document).toEqual(JSON.parse(readFileSync(join(packageRoot, 'docs', 'openapi.json'), 'utf8')));
    const text = JSON.stringify(document);
    const { schemas } = document['components'] as { schemas: Json };
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(schemas).toHaveProperty(name);
    const operations = Object.entries(document['paths'] as Record<string, Record<string, Json>>).flatMap(
      ([path, methods]) => Object.values(methods).map((operation) => ({ path, operation })),
    );
    expect(operations).toHaveLength(endpoints.length);
    expect(new Set(operations.map(({ operation }) => operation['operationId'])).size).toBe(endpoints.length);
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation['parameters'] as { name: string; in: string }[]).filter((one) => one.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(named);
    }
  });
});

describe('reading', () => {
  it('gives sweeps, one sweep and its spec', async () => {
    const [first] = list(await get('/sweeps?find=done'), 'sweeps');
    expect(first).toMatchObject({ sweepId: done.id, name: 'done', state: 'completed', archived: false });
    expect(first?.['trials']).toMatchObject({ succeeded: 9, failed: 1, queued: 0 });
    expect(await get(`/sweeps/${done.id}`)).toMatchObject({ sweepId: done.id, tasks: ['semantic', 'depth'] });
    expect(await get(`/sweeps/${done.id}/spec`)).toEqual({});
    expect(list(await get('/sweeps?find=100%25'), 'sweeps')).toEqual([]);
  });

  it('gives the comparison as the page and its file have it', async () => {
    const query = 'sort=depth.meanError&hide=single-depth';
    const body = await get(`/sweeps/${done.id}/comparison?${query}`);
    expect(comparisonDocument.parse(body)).toEqual(body);
    const file = await fetch(`${rig.url}/sweeps/${done.id}/table.json?${query}`, {
      headers: { Authorization: `Bearer ${view}` },
    });
    expect(await file.json()).toEqual(body);
    expect(list(body, 'settings').map(({ key }) => key)).toEqual([
      ...['uncertainty', 'fixed-0.5', 'fixed-0.9', 'single-semantic'],
    ]);
  });

  it('gives curves over seeds, as they are computed by hand from the trials’ own numbers', async () => {
    const curves = await whole(
      `/sweeps/${done.id}/curves?metric=meanIoU&setting=uncertainty&setting=fixed-0.5`,
      'curves',
      1,
    );
    expect(curves.map(({ setting, task, metric }) => [setting, task, metric])).toEqual([
      ['fixed-0.5', 'semantic', 'meanIoU'],
      ['uncertainty', 'semantic', 'meanIoU'],
    ]);
    const ofSeeds = await Promise.all(
      [8, 9].map(async (position) => {
        const path = `/trials/${seededTrialId(done, position)}/metrics?metric=meanIoU&split=validation`;
        return list(await get(path), 'metrics').map(({ value }) => value as number);
      }),
    );
    const [a = [], b = []] = ofSeeds;
    expect(curves[1]?.['epochs']).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(curves[1]?.['seeds']).toEqual(a.map(() => 2));
    const { mean, sd } = curves[1] as { mean: number[]; sd: number[] };
    for (const [at, one] of a.entries()) {
      expect(mean[at]).toBeCloseTo((one + (b[at] ?? NaN)) / 2, 12);
      expect(sd[at]).toBeCloseTo(Math.abs(one - (b[at] ?? NaN)) / Math.SQRT2, 12);
    }
  });

  it('gives long lists in parts that make up the whole', async () => {
    const trials = list(await get(`/sweeps/${done.id}/trials?limit=1000`), 'trials');
    expect(trials).toHaveLength(10);
    expect((await whole(`/sweeps/${done.id}/trials`, 'trials', 3)).map((one) => one['trialId'])).toEqual(
      trials.map((one) => one['trialId']),
    );
    expect(
      (await whole(`/sweeps/${done.id}/trials?state=failed`, 'trials', 3)).map(({ errorCode }) => errorCode),
    ).toEqual(['LOSS_NOT_FINITE']);
    const { rows } = await rig.client.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM metric WHERE trial_id = $1',
      [trialId],
    );
    const metrics = await whole(`/trials/${trialId}/metrics`, 'metrics', 7);
    expect(metrics).toHaveLength(rows[0]?.n ?? -1);
    expect(metrics).toEqual(list(await get(`/trials/${trialId}/metrics?limit=10000`), 'metrics'));
    expect(await whole(`/trials/${trialId}/log`, 'lines', 2)).toHaveLength(done.epochs);
    const many: SeedOptions = {
      ...done,
      settings: twoTaskSettings([]).slice(0, 1),
      seeds: 1,
      samples: 0,
      state: () => 'queued',
    };
    for (const index of [1, 2, 3, 4])
      await seedSweep(rig.client, { ...many, id: `sweep-listed${String(index)}`, name: 'listed' });
    // As if they had been made at one moment: the id decides.
    await rig.client.query("UPDATE sweep SET created_at = '2026-01-01T00:00:00.123Z' WHERE name = 'listed'");
    expect((await whole('/sweeps?find=listed', 'sweeps', 3)).map(({ sweepId }) => sweepId)).toEqual(
      [4, 3, 2, 1].map((index) => `sweep-listed${String(index)}`),
    );
    // The page of the list begins behind the same places.
    const before = `${String(Date.parse('2026-01-01T00:00:00.123Z'))}_sweep-listed3`;
    const page = await fetch(`${rig.url}/?before=${before}`, { headers: { Authorization: `Bearer ${view}` } });
    const links = [...(await page.text()).matchAll(/href="\/sweeps\/(sweep-listed\d)"/g)].map(([, id]) => id);
    expect(links).toEqual(['sweep-listed2', 'sweep-listed1']);
  });

  it('gives a trial with its attempts, and where its pictures are', async () => {
    const body = await get(`/trials/${trialId}`);
    expect(body).toMatchObject({ trialId, sweepId: done.id, state: 'succeeded', settingKey: 'fixed-0.9', error: null });
    expect(body['attempts']).toMatchObject([{ number: 1, backend: 'wasm', outcome: 'succeeded' }]);
    const pictures = list(await get(`/trials/${trialId}/pictures`), 'pictures');
    expect(pictures.length).toBeGreaterThan(0);
    const png = await fetch(`${rig.url}${String(pictures[0]?.['address'])}`, {
      headers: { Authorization: `Bearer ${view}` },
    });
    expect(png.headers.get('content-type')).toBe('image/png');
    expect(list(await get('/workers'), 'workers').map(({ name }) => name)).toEqual(['bench-01', 'gpu-07']);
    expect(await get('/spec-schema')).toHaveProperty('oneOf');
  });
});

describe('commands', () => {
  const spec = { name: 'by api', workload: 'rehearsal', tasks: ['depth'], epochs: 1 };

  it('submit, cancel, retry, annotate, archive and delete through the coordinator, and are written down', async () => {
    expect((await call('POST', '/specs/check', { body: { spec } })).body).toMatchObject({ ok: true, trials: 1 });
    const submitted = await call('POST', '/sweeps', { body: { spec } });
    expect(submitted.body).toMatchObject({ created: true, trials: 1, notes: [] });
    const sweepId = String(submitted.body['sweepId']);
    const repeated = await call('POST', '/sweeps', { body: { spec: JSON.stringify(spec) } });
    expect(repeated.body).toMatchObject({ sweepId, created: false });
    expect((await call('POST', '/sweeps', { body: { spec, again: true } })).body['sweepId']).not.toBe(sweepId);

    const refused = await call('DELETE', `/sweeps/${sweepId}`);
    expect([refused.status, (refused.body['error'] as Json)['code']]).toEqual([409, 'SWEEP_ACTIVE']);
    const [trial] = list(await get(`/sweeps/${sweepId}/trials`), 'trials');
    const trialPath = `/trials/${String(trial?.['trialId'])}`;
    expect((await call('POST', `${trialPath}/cancel`)).body).toEqual({ cancelled: 1 });
    expect((await call('POST', `${trialPath}/retry`)).body).toEqual({ queued: 1 });
    expect((await call('POST', `/sweeps/${sweepId}/cancel`)).body).toEqual({ cancelled: 1 });

    const script = '<script>alert(1)</script>';
    expect(
      (await call('PATCH', `${trialPath}/annotation`, { body: { notes: script, tags: ['a', 'a', 'b'] } })).status,
    ).toBe(200);
    expect((await call('PATCH', `${trialPath}/annotation`, { body: { tags: ['c'] } })).status).toBe(200);
    expect(await get(`${trialPath}/annotation`)).toEqual({ notes: script, tags: ['c'] });
    expect((await call('PATCH', `/sweeps/${sweepId}`, { body: { archived: true } })).status).toBe(200);
    expect(await get(`/sweeps/${sweepId}`)).toMatchObject({ archived: true, state: 'cancelled' });
    expect(list(await get('/sweeps?archived=yes&tag=c'), 'sweeps').map((one) => one['sweepId'])).toEqual([sweepId]);
    expect((await call('DELETE', `/sweeps/${sweepId}`)).body).toEqual({ trials: 1 });
    expect((await call('GET', `/sweeps/${sweepId}`)).status).toBe(404);

    const actions = (await whole('/actions', 'actions', 4)).filter(({ target }) => target === sweepId);
    expect(actions.map(({ action, via, role, outcome }) => [action, via, role, outcome])).toEqual([
      ['delete', 'api', 'operate', 'done'],
      ['archive', 'api', 'operate', 'done'],
      ['cancel', 'api', 'operate', 'done'],
      ['delete', 'api', 'operate', 'SWEEP_ACTIVE'],
      ['submit', 'api', 'operate', 'done'],
      ['submit', 'api', 'operate', 'done'],
    ]);
  });

  it('tell every fault of a spec', async () => {
    const wrong = { ...spec, epoch: 3, seeds: [] };
    const { status, body } = await call('POST', '/sweeps', { body: { spec: wrong } });
    expect(status).toBe(422);
    const { error } = apiError.parse(body);
    expect(error.code).toBe('SPEC_INVALID');
    expect(error.faults?.map(({ path }) => path).sort()).toEqual(['epoch', 'seeds']);
    const check = await call('POST', '/specs/check', { body: { spec: 'name: [' }, secret: view });
    expect(check.body).toMatchObject({ ok: false, trials: null });
  });
});

describe('refusals', () => {
  /** A request of each operation that fits its schema as far as its parts are scalars. */
  const addressed = endpoints.map((endpoint) => ({
    ...endpoint,
    at: endpoint.address.replace('{sweepId}', 'sweep-none').replace('{trialId}', 'trial-none'),
  }));
  const codeOf = (body: Json): string => apiError.parse(body).error.code;

  it.each(addressed)(
    '$method $address: nobody without a secret, no viewer who changes',
    async ({ method, at, name }) => {
      const unknown = await call(method.toUpperCase(), at, { secret: '' });
      expect([unknown.status, codeOf(unknown.body)]).toEqual([401, 'NOT_AUTHENTICATED']);
      if (method === 'get' || name === 'checkSpec') return;
      const viewer = await call(method.toUpperCase(), at, { secret: view, body: {} });
      expect([viewer.status, codeOf(viewer.body)]).toEqual([403, 'NOT_ALLOWED']);
    },
  );

  it.each([
    ['an unknown parameter', 'GET', '/sweeps?fnid=x', undefined, 'fnid'],
    ['a limit that is none', 'GET', '/sweeps?limit=0', undefined, 'limit'],
    ['a state that is none', 'GET', `/sweeps/${done.id}/trials?state=odd`, undefined, 'state'],
    ['a parameter that has to be there', 'GET', `/sweeps/${done.id}/curves`, undefined, 'metric'],
    ['an id that is none', 'GET', '/sweeps/..%2f..%2fetc', undefined, 'sweepId'],
    ['no body', 'POST', '/sweeps', undefined, 'body'],
    ['a body that is no JSON', 'POST', '/sweeps', '{"spec":', 'body'],
    ['an unknown field', 'PATCH', `/sweeps/${done.id}`, { archived: true, deleted: true }, 'body.deleted'],
    ['a tag with a comma', 'PATCH', `/sweeps/${done.id}/annotation`, { tags: ['a,b'] }, 'body.tags.0'],
  ])('%s is named', async (_, method, path, body, fault) => {
    const { status, body: answer } = await call(method, path, { body });
    expect(status).toBe(400);
    const { error } = apiError.parse(answer);
    expect(error.code).toBe('REQUEST_INVALID');
    expect(error.faults?.[0]?.path).toBe(fault);
  });

  it('forged places of lists, statements in parameters and unknown addresses are refused as JSON and change nothing', async () => {
    const evil = ["' OR 1=1 --", '\0', '__proto__', `"; DROP TABLE trial; --`, 'x'.repeat(190)];
    const places = [
      'x',
      ...[['\0'], [1e300], [1, 2], {}, [[1]]].map((one) => Buffer.from(JSON.stringify(one)).toString('base64url')),
    ];
    for (const after of places) {
      for (const path of ['/sweeps', `/sweeps/${done.id}/trials`, `/trials/${trialId}/metrics`, '/actions']) {
        const { status, body } = await call('GET', `${path}?after=${encodeURIComponent(after)}`);
        expect([status, codeOf(body)], `${path} ${after}`).toEqual([400, 'REQUEST_INVALID']);
      }
    }
    for (const text of evil.map(encodeURIComponent)) {
      for (const path of [
        `/sweeps?find=${text}`,
        `/sweeps?tag=${text}`,
        `/sweeps/${done.id}/comparison?sort=${text}&hide=${text}&col=${text}`,
        `/sweeps/${done.id}/curves?metric=${text}&setting=${text}`,
        `/trials/${trialId}/metrics?task=${text}&metric=${text}`,
        `/trials/${trialId}/metrics?attempt=${text}`,
      ]) {
        const { status, body } = await call('GET', path);
        expect(status, `${path}: ${JSON.stringify(body)}`).toBeLessThan(500);
      }
    }
    expect((await call('GET', '/nothing')).body).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((await call('PUT', '/sweeps')).status).toBe(404);
    const { rows } = await rig.client.query<{ n: number }>('SELECT count(*)::int AS n FROM trial WHERE sweep_id = $1', [
      done.id,
    ]);
    expect(rows[0]?.n).toBe(10);
  });

  it('a page of another site and a body without end get nowhere', async () => {
    const headers = { Origin: 'https://evil.example' };
    const forged = await call('DELETE', `/sweeps/${done.id}`, { headers });
    expect([forged.status, codeOf(forged.body)]).toEqual([403, 'OTHER_ORIGIN']);
    const large = await call('PATCH', `/sweeps/${done.id}/annotation`, {
      body: { notes: 'x'.repeat(80_000) },
      headers: { Connection: 'close' },
    });
    expect([large.status, codeOf(large.body)]).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  it('guesses are counted, and answered as JSON', async () => {
    for (let guess = 0; guess < 10; guess += 1) await call('GET', '/sweeps', { secret: `guess ${String(guess)}` });
    const { status, body } = await call('GET', '/sweeps', { secret: 'guess 11' });
    expect([status, codeOf(body)]).toEqual([429, 'TOO_MANY_REQUESTS']);
  });
});

describe('the examples of docs/api.md', () => {
  it('run as they stand there', async () => {
    // The guesses above have to be forgotten: this is another dashboard.
    const own = await startDashboardRig({ token: operate, coordinator: true });
    try {
      const blocks = [...readFileSync(join(packageRoot, 'docs', 'api.md'), 'utf8').matchAll(/```sh\n([^]*?)```/g)];
      const [, ...examples] = blocks.map(([, text = '']) => text);
      expect(examples).toHaveLength(4);
      const script = `set -euo pipefail\nDASHBOARD='${own.url}'\nTOKEN='${operate}'\n${examples.join('\n')}`;
      const { stdout } = await promisify(execFile)('bash', ['-c', script]);
      const answers = stdout
        .replaceAll('}{', '}\n{')
        .split('\n')
        .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
      expect(answers[0]).toMatchObject({ ok: true, trials: 6 });
      expect(answers[1]).toMatchObject({ created: true, trials: 6 });
      expect(answers.at(-1)).toEqual({ trials: 6 });
    } finally {
      await own.close();
    }
  });
});
