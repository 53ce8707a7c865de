import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { readSweepResults } from '../../services/shared/db/read-sweep-results.js';
import type { PartsAnswer } from '../../services/dashboard/live/parts-answer.js';
import { confusionMetric } from '../../services/shared/messages/confusion-cells.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { htmlText, tableRows } from '../helpers/html-text.js';
import { seededTrialId, seedSweep, seedWorkers, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';

const hostile = `<img src=x onerror="alert('x')"> & "quotes" * > \n <script>alert(1)</script>`;
const tasks = ['semantic', 'depth'];
const finished: SeedOptions = {
  id: 'sweep-finished',
  name: 'finished sweep',
  tasks,
  settings: twoTaskSettings([0.9, 0.5]),
  seeds: 3,
  epochs: 6,
  samples: 2,
  state: () => 'succeeded',
};
const evil: SeedOptions = {
  ...finished,
  id: 'sweep-evil',
  name: hostile,
  settings: twoTaskSettings([0.5]).map((setting) => ({ ...setting, label: `${setting.key} ${hostile}` })),
  seeds: 1,
  labelSuffix: hostile,
  logText: hostile,
  state: (position) => (['succeeded', 'failed', 'running', 'queued'] as const)[position % 4] ?? 'queued',
};

let rig: DashboardRig;
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${rig.url}${path}`, { headers });
const page = async (path: string): Promise<string> => (await get(path)).text();

beforeAll(async () => {
  rig = await startDashboardRig();
}, 60_000);
afterAll(async () => {
  await rig.close();
});

describe('before any sweep', () => {
  it('says how to launch one and how to start a worker', async () => {
    const html = await page('/');
    expect(html).toContain('No sweeps yet');
    expect(htmlText(html)).toMatch(/npx sigmasweep \w+ .*\.yaml/);
    expect(html).toContain('No worker has reported');
  });
});

describe('with sweeps', () => {
  beforeAll(async () => {
    await seedSweep(rig.client, finished);
    await seedSweep(rig.client, evil);
    await seedWorkers(rig.client, [seededTrialId(evil, 2)]);
  });

  it('lists sweeps with their counts, and workers with backend and reason', async () => {
    const html = await page('/');
    const [, row] = tableRows(html, 'sweeps').sort((a, b) => (a[0] ?? '').localeCompare(b[0] ?? ''));
    expect(row?.[0]).toContain('finished sweep');
    expect(row?.[1]).toBe('completed');
    const all = String(finished.settings.length * finished.seeds);
    expect(row?.[2]).toContain(`${all} of ${all} trials`);
    const workers = tableRows(html, 'workers');
    expect(workers[0]).toEqual([
      'bench-01 bench-01.lab · v0.1.0',
      'running',
      expect.stringMatching(/^wasm on 4 cores 1 thread a trial .*no CUDA device/),
      '1 of 4',
      expect.any(String),
    ]);
    expect(workers[1]?.[2]).toMatch(/^tfjs-node-gpu on Tesla T4 NVIDIA 535\.104 · 15 GiB memory /);
  });

  it('shows in the comparison what the database computes from its rows', async () => {
    const { rows } = await rig.client.query<{
      position: number;
      task: string;
      metric: string;
      mean: number;
      sd: number;
    }>(
      `SELECT s.position, m.task, m.metric, avg(m.value) AS mean, stddev_samp(m.value) AS sd
       FROM setting s JOIN trial t ON t.sweep_id = s.sweep_id AND t.setting_key = s.key
       JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
       WHERE s.sweep_id = $1 AND t.state = 'succeeded' AND m.split = 'test' GROUP BY s.position, m.task, m.metric`,
      [finished.id],
    );
    const shown = tableRows(await page(`/sweeps/${finished.id}`), 'comparison');
    expect(shown.map((row) => row[0])).toEqual([
      'semantic only',
      '0.9 / 0.1',
      '0.5 / 0.5',
      'depth only',
      'task uncertainty (semantic, depth)',
    ]);
    const forms = { meanIoU: [100, 1], meanError: [1, 3] } as const;
    let compared = 0;
    for (const { position, metric, mean, sd } of rows) {
      if (metric !== 'meanIoU' && metric !== 'meanError') continue;
      const [scale, decimals] = forms[metric];
      const text = `${(mean * scale).toFixed(decimals)} ± ${(sd * scale).toFixed(decimals)}`;
      expect(shown[position]?.join(' | ').replace(/ best/g, '').replace(/\s+/g, ' ')).toContain(text);
      compared += 1;
    }
    // 2 single tasks with one primary metric each, 3 settings with two.
    expect(compared).toBe(8);
    expect(shown[3]?.join()).toContain('–');
  });

  it('marks the best of each column in words too', async () => {
    const rows = tableRows(await page(`/sweeps/${finished.id}`), 'comparison');
    const best = rows.filter((row) => row.join().includes('best'));
    expect(best.length).toBeGreaterThan(0);
    const { rows: top } = await rig.client.query<{ label: string }>(
      `SELECT s.label FROM setting s JOIN trial t ON t.sweep_id = s.sweep_id AND t.setting_key = s.key
       JOIN metric m ON m.trial_id = t.id AND m.split = 'test' AND m.metric = 'meanIoU'
       WHERE s.sweep_id = $1 GROUP BY s.label ORDER BY avg(m.value) DESC LIMIT 1`,
      [finished.id],
    );
    expect(best.map((row) => row[0])).toContain(top[0]?.label);
  });

  it('gives the comparison as CSV, Markdown and LaTeX', async () => {
    for (const [ending, type] of [
      ['csv', 'text/csv'],
      ['md', 'text/markdown'],
      ['tex', 'application/x-tex'],
    ] as const) {
      const response = await get(`/sweeps/${finished.id}/table.${ending}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain(type);
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${finished.id}.${ending}"`);
      expect(await response.text()).toContain('depth only');
    }
    expect((await get(`/sweeps/${finished.id}/table.exe`)).status).toBe(404);
  });

  it('gives charts as data that agrees with the database', async () => {
    const { sections } = (await (await get(`/sweeps/${finished.id}/charts.json`)).json()) as {
      sections: {
        id: string;
        charts: { id: string; series: { key: string; points: { x: number; y: number }[] }[] }[];
      }[];
    };
    expect(sections.map((section) => section.id)).toEqual([
      'metric-against-weight',
      'pareto-front',
      'parallel-settings',
      'option-importance',
      'learning-curves',
      'learned-0',
      'time-and-throughput',
    ]);
    const iou = sections
      .find(({ id }) => id === 'learning-curves')
      ?.charts[0]?.series.find((series) => series.key === 'fixed-0.9')
      ?.points.at(-1);
    const { rows } = await rig.client.query<{ mean: number }>(
      `SELECT avg(m.value) AS mean FROM trial t JOIN metric m ON m.trial_id = t.id
       WHERE t.sweep_id = $1 AND t.setting_key = 'fixed-0.9' AND m.split = 'validation' AND m.metric = 'meanIoU' AND m.epoch = 6`,
      [finished.id],
    );
    expect(iou?.x).toBe(6);
    expect(iou?.y).toBeCloseTo((rows[0]?.mean ?? 0) * 100, 3);
  });

  it('shows a trial: configuration, attempts, log, pictures', async () => {
    const trialId = seededTrialId(finished, 3);
    const html = await page(`/trials/${trialId}`);
    const text = htmlText(html);
    expect(text).toContain('batch size 8');
    expect(text).toContain('hard parameter sharing');
    expect(tableRows(html, 'attempts')[0]?.slice(0, 3)).toEqual(['1', 'succeeded', 'bench-01']);
    expect(text).toContain('epoch 6 of 6: loss');
    const pictures = [...html.matchAll(/src="(\/pictures\/[^"]+)"/g)].map((match) => match[1] ?? '');
    // Two samples, each an input and truth and prediction of two tasks.
    expect(pictures).toHaveLength(10);
    for (const path of pictures) {
      const response = await get(path);
      expect(response.headers.get('content-type')).toBe('image/png');
      expect(response.headers.get('cache-control')).toContain('max-age');
      expect(decode(new Uint8Array(await response.arrayBuffer()))).toMatchObject({ width: 64, height: 32 });
    }
    expect(pictures[0]).toContain('/6/');
    expect(await page(`/trials/${trialId}?epoch=3`)).toContain(`/pictures/${trialId}/1/3/`);
  });

  it('shows the confusion matrices of a trial, and keeps them out of the comparison', async () => {
    const trialId = seededTrialId(finished, 1);
    const cells = [
      { truth: 0, predicted: 0, value: 3 },
      { truth: 0, predicted: 1, value: 1 },
      { truth: 1, predicted: 1, value: 0 },
    ];
    for (const { value, ...cell } of cells) {
      await rig.client.query(
        `INSERT INTO metric (trial_id, attempt, epoch, split, task, metric, value)
         VALUES ($1, 1, 6, 'test', 'semantic', $2, $3)`,
        [trialId, confusionMetric(cell, ['road', '<b>car</b>']), value],
      );
    }
    const html = await page(`/trials/${trialId}`);
    expect(tableRows(html, 'confusion')).toEqual([
      ['road', '3', '1', '75.0 %', '75.0 %'],
      ['<b>car</b>', '0', '0', '–', '0.0 %'],
    ]);
    expect(await page(`/trials/${seededTrialId(finished, 2)}`)).not.toContain('Confusion matrices');
    const database = connectDatabase(rig.databaseUrl, 1);
    const { trials } = await readSweepResults(database, finished.id).finally(() => database.$disconnect());
    const names = new Set(trials.flatMap(({ metrics }) => metrics).map(({ metric }) => metric));
    expect([...names].sort()).toEqual(['meanError', 'meanIoU', 'pixelAccuracy', 'relativeError']);
  });

  it('shows what an attempt went on from, and what the next one would', async () => {
    const trialId = seededTrialId(evil, 2);
    await rig.client.query(`UPDATE attempt SET outcome = 'handed-back', ended_at = now() WHERE trial_id = $1`, [
      trialId,
    ]);
    await rig.client.query(
      `INSERT INTO attempt (trial_id, number, claim_id, worker_id, backend, device, outcome, resumed_attempt, resumed_step)
       VALUES ($1, 2, 'claim-two', 'worker-one', 'wasm', '4 cores', 'running', 1, 120)`,
      [trialId],
    );
    await rig.client.query(
      `INSERT INTO checkpoint (object, trial_id, attempt, step, epoch, bytes, sha256, final)
       VALUES ($1 || '.1.120.a', $1, 1, 120, 3, 5000, '', false), ($1 || '.2.150.b', $1, 2, 150, 4, 3500000, '', false)`,
      [trialId],
    );
    const html = await page(`/trials/${trialId}`);
    expect(htmlText(html)).toContain('from step 120 of attempt 1');
    // What the first attempt drew belongs to the one that went on from it.
    expect(html).toContain(`/pictures/${trialId}/1/`);
    expect(tableRows(html, 'checkpoints').map((cells) => cells.slice(0, 3))).toEqual([
      ['step 150', '2', '3 MiB'],
      ['step 120', '1', '5 KiB'],
    ]);
  });

  it('shows samples of a sweep’s data: the input and the truth of each task once, whichever trial reported them', async () => {
    const base = `/sweeps/${finished.id}`;
    expect(await page(base)).toContain(`href="${base}/samples"`);
    const html = await page(`${base}/samples`);
    const pictures = [...html.matchAll(/src="(\/pictures\/[^"]+)"/g)].map((match) => match[1] ?? '');
    // Two samples, each an input and the truth of two tasks.
    const parts = pictures.map((path) => path.split('/').slice(-3).join('/'));
    expect(parts).toEqual(
      ['trial/input.png', 'semantic/truth.png', 'depth/truth.png'].flatMap((part) => [`0/${part}`, `1/${part}`]),
    );
    for (const path of pictures) expect((await get(path)).headers.get('content-type')).toBe('image/png');
    expect((await get('/sweeps/sweep-of-nobody/samples')).status).toBe(404);
  });

  it('tells why a trial failed', async () => {
    const text = htmlText(await page(`/trials/${seededTrialId(evil, 1)}`));
    expect(text).toContain('LOSS_NOT_FINITE');
    expect(text).toContain('Lower the learning rate.');
  });

  it('shows hostile names as text on every page and part', async () => {
    const trial = `/trials/${seededTrialId(evil, 0)}`;
    const sweep = `/sweeps/${evil.id}`;
    const paths = [
      '/',
      '/fragment/sweeps',
      '/workers',
      sweep,
      `${sweep}/samples`,
      trial,
      `${trial}/fragment/log`,
      `${trial}/fragment/head`,
    ].concat(['summary', 'comparison', 'trials'].map((part) => `${sweep}/fragment/${part}`));
    for (const path of paths) {
      const response = await get(path);
      expect(response.status, path).toBe(200);
      const html = await response.text();
      expect(html, path).not.toMatch(/<img src=x/);
      expect(html, path).not.toMatch(/<script>alert/);
    }
    expect(htmlText(await page(sweep))).toContain(hostile.replace(/\s+/g, ' '));
    expect(htmlText(await page(trial))).toContain(`"quotes" * >`);
  });

  it('gives the parts of a page together, as they are alone, and what the page has already only once', async () => {
    const base = `/sweeps/${finished.id}`;
    const sources = [`${base}/fragment/comparison?sort=label`, `${base}/charts.json`, `${base}/fragment/trials`];
    const ask = async (tags: readonly string[]): Promise<PartsAnswer> => {
      const query = new URLSearchParams();
      for (const [index, source] of sources.entries()) {
        query.append('of', source);
        query.append('has', tags[index] ?? '');
      }
      const response = await get(`/parts?${query.toString()}`);
      expect(response.status).toBe(200);
      return (await response.json()) as PartsAnswer;
    };
    const first = await ask([]);
    for (const [index, source] of sources.entries()) {
      const alone = await get(source);
      expect(first[index]).toEqual({ status: 200, tag: alone.headers.get('etag'), text: await alone.text() });
    }
    const tags = first.map(({ tag }) => tag ?? '');
    expect(await ask(tags)).toEqual([{ status: 304 }, { status: 304 }, { status: 304 }]);
    const changed = (await ask(['', tags[0] ?? '', tags[2] ?? ''])).map(({ status }) => status);
    expect(changed).toEqual([200, 200, 304]);
  });

  it('gives newer parts at once when a change was noticed', async () => {
    const read = async (): Promise<string> =>
      ((await (await get('/parts?of=/fragment/sweeps')).json()) as PartsAnswer)[0]?.text ?? '';
    const rename = async (from: string, to: string): Promise<void> => {
      await rig.client.query('UPDATE sweep SET name = $2 WHERE name = $1', [from, to]);
      rig.live.notice(finished.id);
    };
    expect(await read()).toContain(finished.name);
    await rename(finished.name, 'another name');
    expect(await read()).toContain('another name');
    await rename('another name', finished.name);
  });

  it('says of each part whether it is there, and takes nothing but parts', async () => {
    const parts = ['/sweeps/sweep-unknown/fragment/summary', `/sweeps/${finished.id}/fragment/summary`];
    const response = await get(`/parts?${parts.map((of) => `of=${of}&has=%0d%0aX:%20y`).join('&')}`);
    expect(((await response.json()) as PartsAnswer).map(({ status }) => status)).toEqual([404, 200]);
    const refused = [
      '',
      '?of=',
      '?of=/',
      '?of=/events',
      '?of=/api/v1/sweeps',
      '?of=//elsewhere.test/fragment/workers',
    ].concat(['?of=/parts%3Fof=/fragment/workers', '?of=http://[/', `?${'of=/fragment/workers&'.repeat(17)}`]);
    for (const query of refused) expect((await get(`/parts${query}`)).status, query).toBe(400);
  });

  it.each([
    '/sweeps/sweep-unknown',
    "/sweeps/'%3B%20DROP%20TABLE%20trial",
    '/sweeps/%00',
    '/sweeps/sweep-finished/fragment/__proto__',
    '/trials/trial-unknown',
    '/trials/trial-finished-0003/fragment/constructor',
    '/sweeps/sweep-unknown/charts.json',
    '/pictures/trial-finished-0003/1/6/99/depth/truth.png',
    '/pictures/trial-finished-0003/1/6/0/depth/secret.png',
    '/pictures/trial-finished-0003/1/6/0/..%2F..%2Fetc/truth.png',
    '/pictures/trial-finished-0003/-1/6/0/depth/truth.png',
    '/pictures/trial-finished-0003/1/6/0/%00/truth.png',
    '/assets/..%2F..%2Fmain.js',
    '/events?sweep=%3Cscript%3E',
    '/nothing',
  ])('answers 404 to %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    // No stack trace.
    expect(await response.text()).not.toMatch(/\bat .*:\d+:\d+/);
  });

  it.each([
    '?state=x%27%20OR%201%3D1',
    '?page=-3',
    '?page=1e9',
    '?state=failed&page=2',
    '?cancelled=%3Cb%3E',
    '?nonsense=1',
  ])('is not troubled by the query %s', async (query) => {
    const response = await get(`/sweeps/${evil.id}${query}`);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain('<b>');
  });

  it('filters trials by state', async () => {
    const rows = tableRows(await page(`/sweeps/${evil.id}/fragment/trials?state=failed`), 'trials');
    expect(rows.length).toBe(1);
    expect(rows[0]?.[1]).toContain('failed');
  });

  it('lets the browser keep the bundle for ever under its hash, and check it otherwise', async () => {
    const address = /src="(\/assets\/main\.js\?v=[0-9a-f]{16})"/.exec(await page('/'))?.[1] ?? '';
    const hashed = await get(address);
    expect(hashed.headers.get('cache-control')).toContain('immutable');
    // What a script loads later has its hash in its name.
    const [charts = ''] = /charts-\w+\.js/.exec(await hashed.clone().text()) ?? [];
    const later = await get(`/assets/${charts}`);
    expect([later.status, later.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(hashed.headers.get('content-type')).toContain('text/javascript');
    expect(hashed.headers.get('content-encoding')).toBe('gzip');
    const bare = await get(address, { 'Accept-Encoding': 'identity' });
    expect(bare.headers.get('content-encoding')).toBeNull();
    expect(await bare.text()).toBe(await hashed.text());
    const plain = await get('/assets/styles.css');
    expect(plain.headers.get('cache-control')).toBe('no-cache');
    const again = await get('/assets/styles.css', { 'If-None-Match': plain.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
  });
});
