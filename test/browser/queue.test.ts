import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { until } from '../helpers/deadline.js';
import { seededTrialId, seedSweep, seedWorkers, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';

const sweep: SeedOptions = {
  id: 'sweep-queue',
  name: 'weights <b>of</b> two tasks',
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.5]),
  seeds: 3,
  epochs: 8,
  state: (position) => (position < 2 ? 'running' : position === 11 ? 'failed' : 'queued'),
};

let rig: DashboardRig;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  [rig, browser] = await Promise.all([startDashboardRig({ coordinator: true }), launchChromium()]);
  context = await browser.newContext();
  await seedSweep(rig.client, sweep);
  await seedWorkers(rig.client, [seededTrialId(sweep, 0), seededTrialId(sweep, 1)]);
  await rig.client.query(`UPDATE worker SET labels = '{lab-2}' WHERE id = 'worker-one'`);
  await rig.client.query(`UPDATE schedule SET max_running = 3`);
});
afterAll(async () => {
  await browser.close();
  await rig.close();
});

/** Opens the page; questions are answered by `answer` and kept. */
async function open(answer: { yes: boolean }): Promise<{ page: Page; asked: string[] }> {
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.message());
    void (answer.yes ? dialog.accept() : dialog.dismiss());
  });
  await page.goto(`${rig.url}/workers`);
  await until(async () => (await page.getAttribute('#live', 'data-state')) === 'live', {
    deadlineMs: 15_000,
    what: 'the page to be live',
  });
  return { page, asked };
}

const schedule = async () =>
  (await rig.client.query<{ paused: string | null; priority: number }>(`SELECT paused, priority FROM schedule`))
    .rows[0];

describe('the page of workers and queue', () => {
  it('shows who trains what how fast, and what the others wait for', async () => {
    const { page } = await open({ yes: false });
    const worker = page.locator('tr[data-key="worker-one"]');
    expect(await worker.textContent()).toContain('lab-2');
    expect(await worker.locator('.slot-trials li').count()).toBe(2);
    expect(await worker.locator('.slot-trials').innerText()).toMatch(/step \d+ of \d+ · [\d.]+ steps\/s/);
    const row = page.locator(`.queue tr[data-key="${sweep.id}"]`);
    expect(await row.locator('.waits').innerText()).toMatch(
      /8\s*held by their sweep’s limit\s*3 at once\s*1\s*waiting for a free slot/,
    );
    expect(await row.locator('th').innerText()).toContain(sweep.name);
    await page.close();
  });

  it('pauses, resumes and reorders after a question only, and follows what others do', async () => {
    const answer = { yes: false };
    const { page, asked } = await open(answer);
    const row = page.locator(`.queue tr[data-key="${sweep.id}"]`);
    await row.getByRole('button', { name: 'Pause sweep' }).click();
    expect(asked).toHaveLength(1);
    expect(await schedule()).toMatchObject({ paused: null });

    answer.yes = true;
    await row.getByRole('button', { name: 'Pause sweep' }).click();
    await page.waitForURL(/paused=9/);
    expect(await page.textContent('.notice')).toContain('9 trials will not be started');
    expect(await schedule()).toMatchObject({ paused: 'drain' });
    expect(await row.locator('.waits').innerText()).toMatch(/9\s*paused/);
    await row.getByRole('button', { name: 'Resume sweep' }).click();
    await page.waitForURL(/resumed=1/);
    await row.getByLabel('Priority').fill('7');
    await row.getByRole('button', { name: 'Set' }).click();
    await page.waitForURL(/priority=7/);
    expect(await schedule()).toEqual({ paused: null, priority: 7 });
    expect(asked).toHaveLength(4);

    await rig.client.query(`UPDATE schedule SET paused = 'drain'`);
    await rig.publishChange(sweep.id);
    await until(async () => /9\s*paused/.test(await row.locator('.waits').innerText()), {
      deadlineMs: 15_000,
      what: 'the pause of somebody else to be shown',
    });
    const logged = await rig.client.query<{ action: string }>(`SELECT action FROM action ORDER BY id`);
    expect(logged.rows.map(({ action }) => action)).toEqual(['pause', 'resume', 'schedule']);
    await page.close();
  });
});
