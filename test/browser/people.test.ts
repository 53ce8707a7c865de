import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confusionMetric } from '../../services/shared/messages/confusion-cells.js';
import { launchChromium } from '../helpers/chromium.js';
import { cliSandbox } from '../helpers/cli.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { seededTrialId, seedSweep, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';
import { everything } from '../helpers/tiers.js';

const operate = 'the secret to operate';
const view = 'the secret to view only';
const script = '<script>alert(1)</script><img src=x onerror="alert(2)">';
const sweep: SeedOptions = {
  id: 'sweep-ofpeople',
  name: 'of people',
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.5]),
  seeds: 1,
  epochs: 8,
  samples: 2,
  state: (position) => (position === 1 ? 'failed' : 'succeeded'),
};
/** The learned weighting's only seed. */
const trial = seededTrialId(sweep, 3);

let rig: DashboardRig;
let browser: Browser;
let context: BrowserContext;
const problems: string[] = [];

beforeAll(async () => {
  [rig, browser] = await Promise.all([
    startDashboardRig({ token: operate, viewToken: view, coordinator: true }),
    launchChromium(),
  ]);
  await seedSweep(rig.client, sweep);
  for (const { value, ...cell } of [
    { truth: 0, predicted: 0, value: 90 },
    { truth: 0, predicted: 1, value: 10 },
    { truth: 1, predicted: 1, value: 80 },
  ]) {
    await rig.client.query(
      `INSERT INTO metric (trial_id, attempt, epoch, split, task, metric, value) VALUES ($1, 1, 8, 'test', 'semantic', $2, $3)`,
      [trial, confusionMetric(cell, ['road', 'car']), value],
    );
  }
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(15_000);
});
afterAll(async () => {
  await browser.close();
  await rig.close();
});

/** A page of the same browser; whatever it complains about, and any dialog that is not expected, is written down. */
async function open(path: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${rig.url}${path}`);
  return page;
}

async function login(page: Page, secret: string, name = ''): Promise<void> {
  await page.getByLabel('Secret').fill(secret);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Log in' }).click();
}

describe('access', () => {
  it('asks for a secret, lets a viewer look and offers no change, and an operator operate', async () => {
    const page = await open(`/sweeps/${sweep.id}?sort=delta`);
    expect(await page.textContent('h1')).toBe('Log in');
    await login(page, 'not one of the secrets');
    expect(await page.textContent('#login-fault')).toContain('neither');
    await login(page, view);
    await page.waitForURL(`**/sweeps/${sweep.id}?sort=delta`);
    expect(await page.textContent('header')).toContain('view only');
    await page.locator('.charts canvas').first().waitFor();
    for (const name of ['Archive', 'Delete …', /^Retry/, 'Save'])
      expect(await page.getByText(name).count(), String(name)).toBe(0);
    await page.goto(`${rig.url}/launch`);
    expect(await page.locator('#launch-button:enabled').count()).toBe(0);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL('**/login');
    await page.goto(`${rig.url}/trials/${trial}`);
    await login(page, operate, 'Ada');
    await page.waitForURL(`**/trials/${trial}`);
    expect(await page.textContent('header')).toContain('Ada');
    await page.close();
  });
});

describe('notes, tags, search, archive and deletion', () => {
  it('are kept as text, found again, and ask before they are gone', async () => {
    const page = await open(`/sweeps/${sweep.id}`);
    await page.getByText('Add notes or tags').click();
    await page.getByRole('textbox', { name: 'Notes' }).fill(`${script}\nsecond line`);
    await page.getByLabel('Tags, with commas').fill(`paper, ${script}`);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('.notice', { hasText: 'saved' }).waitFor();
    expect(await page.textContent('.annotation .notes')).toBe(`${script}\nsecond line`);
    expect(await page.locator('.annotation .tag').allTextContents()).toEqual(['paper', script.slice(0, 40).trim()]);

    await page.goto(`${rig.url}/trials/${trial}`);
    await page.getByText('Add notes or tags').click();
    await page.getByRole('textbox', { name: 'Notes' }).fill('the one for figure 3');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('.notice', { hasText: 'saved' }).waitFor();

    // The sweep is found by what stands at its trial, and by its tag.
    await page.goto(rig.url);
    await page.getByPlaceholder('Name, notes, tags').fill('FIGURE 3');
    await page.keyboard.press('Enter');
    await page.waitForURL(/find=FIGURE/);
    expect(await page.locator('table tbody tr', { hasText: 'of people' }).count()).toBe(1);
    await page.locator('.tag', { hasText: 'paper' }).first().click();
    await page.waitForURL(/tag=paper/);
    expect(await page.locator('table tbody tr', { hasText: 'of people' }).count()).toBe(1);

    const other: SeedOptions = { ...sweep, id: 'sweep-deleted', name: 'to be deleted', samples: 0 };
    await seedSweep(rig.client, other);
    await page.goto(`${rig.url}/sweeps/${other.id}`);
    await page.getByRole('button', { name: 'Archive' }).click();
    await page.getByRole('button', { name: 'Take out of the archive' }).waitFor();
    await page.goto(rig.url);
    expect(await page.getByText('to be deleted').count()).toBe(0);
    await page.getByRole('link', { name: 'Archived sweeps' }).click();
    await page.getByRole('link', { name: 'to be deleted' }).click();
    await page.getByRole('link', { name: 'Delete …' }).click();
    await page.getByRole('link', { name: 'Keep it' }).click();
    await page.getByRole('link', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: /^Delete the sweep and 4 trials/ }).click();
    await page.locator('.notice', { hasText: 'was deleted, and 4 trials with it' }).waitFor();
    const { rows } = await rig.client.query<{ n: number }>(`SELECT count(*)::int AS n FROM trial WHERE sweep_id = $1`, [
      other.id,
    ]);
    expect(rows[0]?.n).toBe(0);

    // Everything is in the log of actions, with who it was.
    await page.goto(`${rig.url}/actions`);
    const actions = await page.locator('.actions-log tbody tr').allTextContents();
    for (const action of ['annotate', 'archive', 'delete'])
      expect(
        actions.some((text) => text.startsWith(action) && text.includes('Ada')),
        action,
      ).toBe(true);
    await page.close();
    expect(problems).toEqual([]);
  });
});

describe('a trial’s page', () => {
  it('shows predictions by epoch, the confusion matrix, attempts and log, and what differs from another trial', async () => {
    const page = await open(`/trials/${trial}`);
    const picture = page.locator('.pictures tbody img').first();
    expect(await picture.getAttribute('src')).toContain('/1/8/');
    await page.locator('.epoch-slider input').focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.pictures img[src*="/1/4/"]').first().waitFor();
    expect(page.url()).toContain('epoch=4');
    // The address holds it.
    const shared = await open(page.url().slice(rig.url.length));
    expect(await shared.locator('.pictures tbody img').first().getAttribute('src')).toContain('/1/4/');
    await shared.close();

    expect(await page.textContent('table.confusion')).toContain('road');
    expect(await page.locator('#attempts tbody tr').count()).toBe(1);
    expect(await page.locator('.log li').count()).toBe(sweep.epochs);
    await page.selectOption('select[name="against"]', { label: 'semantic only · seed 1' });
    await page.getByRole('button', { name: 'Compare' }).click();
    const row = page.locator('table.options tr', { hasText: 'weighting: method' });
    expect(await row.locator('td').allTextContents()).toEqual(['uncertainty', 'fixed']);
    await page.close();
    expect(problems).toEqual([]);
  });
});

describe('`sigmasweep report` of a dashboard that asks for a secret', () => {
  it.runIf(everything)('says what is missing without it, and reads with the one that lets view', async () => {
    const sandbox = cliSandbox();
    try {
      const file = join(sandbox.folder, 'report.html');
      const report = (environment: Record<string, string>) =>
        sandbox.run(['report', sweep.id, '--dashboard', rig.url, '--output', file], environment);
      const without = await report({});
      expect(without.code).not.toBe(0);
      expect(without.stderr).toContain('no secret is set here');
      expect(without.stderr).toContain('Set SIGMASWEEP_TOKEN to one of its two secrets');
      expect((await report({ SIGMASWEEP_TOKEN: 'not one of the secrets' })).stderr).toContain('does not know the one');
      expect((await report({ SIGMASWEEP_TOKEN: view })).code).toBe(0);
      expect(readFileSync(file, 'utf8')).toContain('of people');
    } finally {
      await sandbox.remove();
    }
  });
});

describe('the keyboard alone', () => {
  it.runIf(everything)('launches a sweep, opens it, sorts its table and opens a trial', async () => {
    const page = await open('/launch?example=class-depth');
    await page.locator('#spec-form > *').first().waitFor();
    /** Presses Tab until the wanted element has the focus; where it is not reached, no keyboard reaches it. */
    const tabTo = async (what: string, condition: string): Promise<void> => {
      for (let presses = 0; presses < 300; presses += 1) {
        await page.keyboard.press('Tab');
        if (await page.evaluate<boolean>(`{ const focused = document.activeElement; ${condition} }`)) return;
      }
      throw new Error(`the keyboard does not come to ${what}`);
    };
    await tabTo('the launch button', "focused.id === 'launch-button'");
    await page.locator('#launch-state', { hasText: /^36 trials/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/launched=new/);
    await tabTo('a heading that sorts', "focused.matches('thead a.sort') && focused.textContent.includes('IoU')");
    await page.keyboard.press('Enter');
    await page.waitForURL(/sort=semantic\.meanIoU/);
    await tabTo('a trial', `focused.matches('table.trials a[href^="/trials/"]')`);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/trials/*');
    expect(await page.textContent('h1')).toContain('seed 1');
    await page.close();
    expect(problems).toEqual([]);
  });
});
