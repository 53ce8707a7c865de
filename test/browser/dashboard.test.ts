import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { until } from '../helpers/deadline.js';
import {
  finishTrial,
  seededTrialId,
  seedSweep,
  seedWorkers,
  twoTaskSettings,
  type SeedOptions,
} from '../helpers/seed-sweep.js';

const hostile = '<img src=x onerror="alert(1)"> "quotes" & a-name-so-long-that-it-cannot-be-broken-between-its-words';
/** Trials 0 to 8 have succeeded, 9 to 11 are running. */
const sweep: SeedOptions = {
  id: 'sweep-browser',
  name: hostile,
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.5]),
  seeds: 3,
  epochs: 8,
  samples: 1,
  state: (position) => (position < 9 ? 'succeeded' : 'running'),
};
const learnedRow = 'tr[data-setting="uncertainty"]';

let rig: DashboardRig;
let browser: Browser;
// One for all pages, which then share what they have fetched and compiled.
let context: BrowserContext;

beforeAll(async () => {
  [rig, browser] = await Promise.all([startDashboardRig(), launchChromium()]);
  context = await browser.newContext();
  await seedSweep(rig.client, sweep);
  await seedWorkers(
    rig.client,
    [9, 10, 11].map((position) => seededTrialId(sweep, position)),
  );
});
afterAll(async () => {
  await browser.close();
  await rig.close();
});

/** Opens a page; whatever the browser complains about, or any dialog, goes to the list. */
async function open(path: string): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage();
  await page.setViewportSize({ width: 1440, height: 900 });
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${rig.url}${path}`);
  await until(async () => (await page.getAttribute('#live', 'data-state')) === 'live', {
    deadlineMs: 15_000,
    what: `${path} to be live`,
  });
  return { page, problems };
}

describe('the dashboard in a browser', () => {
  it('shows a result when it is recorded, without a reload, and leaves focus and switches alone', async () => {
    const { page, problems } = await open(`/sweeps/${sweep.id}`);
    await page.evaluate("window.openedOnce = 'yes'");
    const legend = page.locator('.legend button').first();
    await until(async () => (await legend.count()) > 0, { deadlineMs: 15_000, what: 'the charts' });
    await legend.focus();
    await page.keyboard.press('Space');
    expect(await legend.getAttribute('aria-pressed')).toBe('false');

    const cell = page.locator(`${learnedRow} td[data-metric="meanIoU"]`);
    expect(await cell.count()).toBe(0);
    await finishTrial(rig.client, sweep, 9);
    await rig.publishChange(sweep.id);
    await until(async () => (await cell.count()) === 1, { deadlineMs: 15_000, what: 'the first seed in the table' });
    expect(await page.textContent(`${learnedRow} .seeds`)).toContain('1 of 3');
    await finishTrial(rig.client, sweep, 10);
    await finishTrial(rig.client, sweep, 11);
    await rig.publishChange(sweep.id);
    await until(async () => (await page.textContent('#summary .state'))?.includes('completed') === true, {
      deadlineMs: 15_000,
      what: 'the sweep to be completed',
    });
    // The parts of a page are fetched side by side: the table may come a moment after the head.
    await until(async () => (await page.textContent(`${learnedRow} .seeds`))?.includes('3 of 3') === true, {
      deadlineMs: 15_000,
      what: 'all seeds in the table',
    });
    expect(await cell.textContent()).toMatch(/\d\d\.\d.* ± \d/);

    expect(await page.evaluate('window.openedOnce')).toBe('yes');
    expect(await legend.getAttribute('aria-pressed')).toBe('false');
    expect(await page.evaluate("document.activeElement?.getAttribute('aria-pressed')")).toBe('false');
    expect(problems).toEqual([]);
    await page.close();
  });

  it('fits windows of 1440 and 390 pixels on every page', async () => {
    for (const path of ['/', '/workers', `/sweeps/${sweep.id}`, `/trials/${seededTrialId(sweep, 4)}`]) {
      const { page, problems } = await open(path);
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: 900 });
        await until(() => page.evaluate(`document.documentElement.clientWidth === ${width}`), {
          deadlineMs: 15_000,
          what: `a window of ${width} pixels`,
        });
        const content = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(content, path).toBeLessThanOrEqual(width);
      }
      expect(problems, path).toEqual([]);
      await page.close();
    }
  });

  it('can be used by keyboard', async () => {
    const { page } = await open(`/sweeps/${sweep.id}`);
    const focused = () => page.evaluate<string>("document.activeElement?.textContent?.trim() ?? ''");
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Sweeps');
    // A table wider than its box is scrolled by arrow keys: the box itself takes the focus.
    const box = page.getByRole('group', { name: 'Comparison' });
    await box.focus();
    expect(await page.evaluate("document.activeElement?.getAttribute('aria-label')")).toBe('Comparison');
    await page.close();
  });

  it('keeps the view of the table in the address, in place and after a reload', async () => {
    const { page, problems } = await open(`/sweeps/${sweep.id}`);
    await page.evaluate("window.openedOnce = 'yes'");
    const rows = () =>
      page.evaluate<string[]>(
        "[...document.querySelectorAll('table.comparison tbody tr[data-setting]')].map((row) => row.dataset.setting)",
      );
    const shows = (wanted: string, what: string) =>
      until(async () => (await rows()).join() === wanted, { deadlineMs: 15_000, what });
    expect(await rows()).toEqual(['single-semantic', 'fixed-0.5', 'single-depth', 'uncertainty']);
    await page.locator('thead a.sort', { hasText: 'Inverse depth error' }).click();
    await page.waitForURL((url) => url.searchParams.get('sort') === 'depth.meanError');
    await until(async () => (await rows())[0] === 'uncertainty', { deadlineMs: 15_000, what: 'rows by depth error' });
    const means = await page.evaluate<number[]>(
      `[...document.querySelectorAll('td[data-task="depth"][data-metric="meanError"]')].map((cell) => Number(cell.dataset.mean))`,
    );
    expect(means).toEqual([...means].sort((a, b) => a - b));
    // A row without a value is the last.
    expect((await rows()).at(-1)).toBe('single-semantic');
    await page.locator('tr[data-setting="single-depth"] a', { hasText: 'hide' }).click();
    await shows('uncertainty,fixed-0.5,single-semantic', 'a row to be hidden');
    await page.locator('tr[data-setting="fixed-0.5"] a', { hasText: 'pin' }).click();
    await page.locator('tr[data-setting="fixed-0.5"].pinned').waitFor();
    for (const key of ['fixed-0.5', 'uncertainty']) {
      await page.locator(`tr[data-setting="${key}"] input[name="pick"]`).check();
      await page.waitForURL((url) => url.searchParams.getAll('pick').includes(key));
    }
    await page.locator('.differing tbody th', { hasText: 'weighting: method' }).waitFor();
    expect(await page.evaluate('window.openedOnce')).toBe('yes');
    const seen = await page.textContent('table.comparison');
    await page.reload();
    expect(await page.textContent('table.comparison')).toBe(seen);
    // The files hold what is shown.
    const href = (await page.locator('.table-tools a', { hasText: 'CSV' }).getAttribute('href')) ?? '';
    const csv = await (await page.request.get(`${rig.url}${href}`)).text();
    expect(csv.trim().split('\n')).toHaveLength(1 + 3);
    await page.goBack();
    expect(problems).toEqual([]);
    await page.close();
  });

  it('shows the same views without JavaScript', async () => {
    const page = await browser.newPage({ javaScriptEnabled: false });
    await page.goto(`${rig.url}/sweeps/${sweep.id}`);
    await page.selectOption('select[name="kind"]', 'learned');
    await page.getByRole('button', { name: 'Apply' }).click();
    expect(await page.locator('table.comparison tbody tr[data-setting]').count()).toBe(1);
    await page.locator('a', { hasText: 'Reset' }).click();
    expect(await page.locator('table.comparison tbody tr[data-setting]').count()).toBe(4);
    await page.close();
  });

  it('asks before it cancels, and cancels only then', async () => {
    const running: SeedOptions = { ...sweep, id: 'sweep-cancel', seeds: 1, state: () => 'queued' };
    await seedSweep(rig.client, running);
    const page = await context.newPage();
    await page.goto(`${rig.url}/sweeps/${running.id}`);
    page.once('dialog', (dialog) => void dialog.dismiss());
    await page.getByRole('button', { name: 'Cancel sweep' }).click();
    expect(rig.commands).toEqual([]);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Cancel sweep' }).click();
    await page.waitForURL(/cancelled=\d+/);
    expect(rig.commands).toEqual([{ name: 'cancel', target: { sweepId: running.id } }]);
    expect(await page.textContent('.notice')).toContain('trials cancelled');
    await page.close();
  });

  it('says that it is out of date when the database goes away', async () => {
    const { page } = await open(`/sweeps/${sweep.id}`);
    await rig.stopDatabase();
    await rig.publishChange(sweep.id);
    await until(async () => (await page.getAttribute('#live', 'data-state')) === 'reconnecting', {
      deadlineMs: 30_000,
      what: 'the page to say that it is reconnecting',
    });
    // What it showed stays.
    expect(await page.textContent(`${learnedRow} .seeds`)).toContain('3 of 3');
    await page.goto(`${rig.url}/sweeps/${sweep.id}`);
    expect(await page.textContent('h1')).toBe('The database is away');
    await page.close();
  });
});
