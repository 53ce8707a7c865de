import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSpecText } from '../../services/shared/sweep-spec/read-text.js';
import { launchChromium } from '../helpers/chromium.js';
import { startDashboardRig, submittedSweep, type DashboardRig } from '../helpers/dashboard-rig.js';
import { until } from '../helpers/deadline.js';
import { htmlText, tableRows } from '../helpers/html-text.js';
import { seedSweep, seedWorkers, twoTaskSettings } from '../helpers/seed-sweep.js';
import { everything } from '../helpers/tiers.js';

let rig: DashboardRig;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  [rig, browser] = await Promise.all([startDashboardRig(), launchChromium()]);
  context = await browser.newContext();
  await seedSweep(rig.client, {
    id: submittedSweep,
    name: 'submitted <b>sweep</b>',
    tasks: ['semantic', 'depth'],
    settings: twoTaskSettings([0.5]),
    seeds: 1,
    epochs: 4,
    state: () => 'succeeded',
  });
  await seedWorkers(rig.client, []);
});
afterAll(async () => {
  await browser.close();
  await rig.close();
});

const deadlineMs = 15_000;

async function open(path: string, width = 1440): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage();
  await page.setViewportSize({ width, height: 900 });
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${rig.url}${path}`);
  await page.locator('#spec-form > *').first().waitFor();
  return { page, problems };
}

const textOf = (page: Page): Promise<string> => page.inputValue('#spec-text');
const specOf = async (page: Page) => readSpecText(await textOf(page), 'text') as Record<string, unknown>;
const state = (page: Page, wanted: RegExp): Promise<void> =>
  until(async () => wanted.test((await page.textContent('#launch-state')) ?? ''), {
    deadlineMs,
    what: `the state to be ${String(wanted)}`,
  });
const post = (path: string, fields: Record<string, string>): Promise<Response> =>
  fetch(`${rig.url}${path}`, {
    method: 'POST',
    headers: { Origin: rig.url },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  });

describe('launching a sweep', () => {
  it('is one spec in form and text: each follows the other, and comments stay', async () => {
    const { page, problems } = await open('/launch?example=class-depth');
    await state(page, /^36 trials/);
    const before = await textOf(page);
    await page.fill('#field-seeds', '1, 2');
    await state(page, /^24 trials/);
    expect((await specOf(page))['seeds']).toEqual([1, 2]);
    expect(await textOf(page)).toMatch(/^# Semantic class/);
    // Nothing but the seeds has changed.
    expect(await textOf(page)).toBe(before.replace('seeds: [1, 2, 3]', 'seeds: [1, 2]'));
    expect(await textOf(page)).toContain('# The log variances');

    await page.locator('[data-path=\'["grid","points",10]\'][data-action="remove"]').click();
    await page.locator('#spec-form > details > summary', { hasText: 'Optimizer' }).click();
    await page.fill('#field-optimizer-learningRate', '0.01');
    await page.locator('#spec-form > details > summary', { hasText: 'Model' }).click();
    await page.selectOption('#field-model', 'hard-sharing');
    const changed = await specOf(page);
    expect(changed['grid']).toMatchObject({ points: { length: 10 } });
    expect(changed['optimizer']).toEqual({ name: 'adam', learningRate: 0.01 });
    expect(changed['model']).toEqual({ name: 'hard-sharing' });
    await page.selectOption('#field-model', '');
    expect(await specOf(page)).not.toHaveProperty('model');

    await page.fill('#spec-text', (await textOf(page)).replace('[1, 2]', '[4, 5, 6]'));
    await until(async () => (await page.inputValue('#field-seeds')) === '4, 5, 6', { deadlineMs, what: 'the form' });
    expect(problems).toEqual([]);
    await page.close();
  });

  it('says while somebody types what is wrong, where, and what was meant', async () => {
    const { page } = await open('/launch?example=class-depth');
    const good = await textOf(page);
    await page.fill('#spec-text', good.replace('tasks: [semantic, depth]', 'tasks: [semantic, dpeth]'));
    await state(page, /fault/);
    const fault = page.locator('.faults li').first();
    expect(await fault.textContent()).toMatch(/tasks\[1\].*did you mean 'depth'\?/);
    const line = good.split('\n').findIndex((one) => one.startsWith('tasks:')) + 1;
    await fault.locator('a').click();
    expect(await page.evaluate('document.activeElement.id')).toBe('spec-text');
    const before = await page.evaluate<string>(
      'document.activeElement.value.slice(0, document.activeElement.selectionStart)',
    );
    expect(before.split('\n')).toHaveLength(line);
    expect(await page.textContent('.editor-lines .marked')).toBe(String(line));
    // With a fault nothing is submitted.
    await page.click('#launch-button');
    expect(rig.submissions).toEqual([]);
    await page.fill('#spec-text', 'name: [');
    await page.locator('#form-note', { hasText: 'can’t be read' }).waitFor();
    await page.fill('#spec-text', good.replace('batchSize: 4', 'batchSize: 0'));
    await page.locator('#field-batchSize[aria-invalid="true"]').waitFor();
    expect(await page.textContent('#field-batchSize-fault')).toContain('at least 1');
    await page.close();
  });

  it.each(everything ? [1440, 390] : [390])('can be done by keyboard alone, at %i pixels', async (width) => {
    const submitted = rig.submissions.length;
    const { page, problems } = await open('/launch?example=class-depth', width);
    const [content, window] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    expect(content).toBeLessThanOrEqual(window);
    await page.locator('#field-name').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(`by keyboard at ${String(width)}`);
    for (let presses = 0; presses < 200; presses += 1) {
      if ((await page.evaluate('document.activeElement.id')) === 'launch-button') break;
      await page.keyboard.press('Tab');
    }
    await state(page, /^36 trials/);
    await Promise.all([page.waitForURL(`**/sweeps/${submittedSweep}?launched=new`), page.keyboard.press('Enter')]);
    expect(rig.submissions.at(submitted)?.spec).toMatchObject({
      name: `by keyboard at ${String(width)}`,
      seeds: [1, 2, 3],
    });
    expect(await page.textContent('.notice')).toContain('launched');
    expect(problems).toEqual([]);
    await page.close();
  });

  it('draws the grid on a line or in a triangle', async () => {
    const line = await (await fetch(`${rig.url}/launch?example=class-depth`)).text();
    expect(line.match(/class="grid-point"/g)).toHaveLength(9 + 1);
    const simplex = 'name: t\nworkload: street-scenes\ntasks: [semantic, instance, depth]\nepochs: 1\n';
    const ternary = await post('/launch/check', { spec: `${simplex}grid: { simplex: { step: 0.25 } }` });
    const html = await ternary.text();
    // 15 points, three of them corners; each has its shares in words, and the key shows one of each.
    expect(html.match(/<title>/g)).toHaveLength(15);
    expect(html.match(/grid-single/g)).toHaveLength(3 + 1);
    expect(html).toContain('Semantic class 50 %, Instance 25 %, Depth 25 %');
    expect(tableRows(html, 'preview-rows')).toHaveLength(15);
  });

  it('estimates from trials that have succeeded here, and says when nothing is known', async () => {
    const spec = `name: t
workload: street-scenes
tasks: [semantic, depth]
grid: { points: [{ semantic: 1, depth: 1 }] }
baselines: false
model: { encoder: [24, 48, 64, 64], head: 32 }
epochs: 8
seeds: [1, 2]
`;
    // The seeded trials took 85 s for 4 epochs of 75 steps; these have 8 epochs. Six slots are here.
    await rig.client.query('UPDATE worker SET last_seen_at = now()');
    const known = htmlText(await (await post('/launch/check', { spec })).text());
    expect(known).toContain('Estimated time about 3 min Training time in all about 6 min');
    expect(known).toContain('From the step rates of 4 past trials');
    const unknown = htmlText(await (await post('/launch/check', { spec: `${spec}batchSize: 3\n` })).text());
    expect(unknown).toContain('Estimated time unknown');
    expect(unknown).toContain('its speed is unknown');
  });

  it('works without script: check and launch are buttons of the form', async () => {
    const spec = 'name: plain\r\nworkload: rehearsal\r\ntasks: [depth]\r\nepochs: 1\r\n';
    const checked = await post('/launch', { spec, action: 'check' });
    expect(checked.status).toBe(200);
    expect(htmlText(await checked.text())).toContain('Rows × seeds 1 × 1');
    const faulty = await post('/launch', { spec: `${spec}epoch: 2`, action: 'launch' });
    expect(faulty.status).toBe(422);
    expect(htmlText(await faulty.text())).toContain("is not a known key; did you mean 'epochs'?");
    const first = await post('/launch', { spec, action: 'launch' });
    const second = await post('/launch', { spec, action: 'launch' });
    expect(first.headers.get('location')).toBe(`/sweeps/${submittedSweep}?launched=new`);
    expect(second.headers.get('location')).toBe(`/sweeps/${submittedSweep}?launched=again`);
    const key = 'sweep-0123456789ab';
    await post('/launch', { spec, action: 'launch', again: 'yes', key });
    expect(rig.submissions.at(-1)?.idempotencyKey).toBe(key);
  });

  it('refuses what is too large, and hostile text is shown as text', async () => {
    const hostile = await post('/launch/check', { spec: 'name: "<img src=x onerror=alert(1)>"\n"<b>": 1' });
    expect(await hostile.text()).not.toMatch(/<img src=x|<b>/);
    expect((await fetch(`${rig.url}/launch?example=../../etc/passwd`)).status).toBe(404);
    expect((await fetch(`${rig.url}/launch?sweep=sweep-unknown`)).status).toBe(404);
    const large = await post('/launch/check', { spec: 'x'.repeat(3_300_000) });
    expect(large.status).toBe(413);
  });
});
