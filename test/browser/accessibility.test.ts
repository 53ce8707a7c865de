import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { seededTrialId, seedSweep, seedWorkers, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sweep: SeedOptions = {
  id: 'sweep-accessible',
  name: 'accessible',
  tasks: ['semantic', 'depth'],
  settings: twoTaskSettings([0.9, 0.5]),
  seeds: 3,
  epochs: 4,
  samples: 1,
  state: (position) =>
    (['succeeded', 'succeeded', 'running', 'failed', 'queued', 'cancelled'] as const)[position % 6] ?? 'queued',
};

let rig: DashboardRig;
let browser: Browser;
const token = 'the secret to operate';

beforeAll(async () => {
  [rig, browser] = await Promise.all([startDashboardRig({ token }), launchChromium()]);
  await seedSweep(rig.client, sweep);
  await seedWorkers(rig.client, [seededTrialId(sweep, 2)]);
  await rig.client.query(
    `INSERT INTO annotation (target, sweep_id, notes, tags) VALUES ($1, $1, 'a note', '{paper,v2}')`,
    [sweep.id],
  );
  await rig.client.query(
    `INSERT INTO action (action, via, name, role, address, target, outcome, detail) VALUES
      ('cancel', 'dashboard', 'Ada', 'operate', '10.0.0.7', $1, 'done', '{}'), ('retry', 'cli', 'ada@lab', NULL, NULL, 'gone', 'NOT_FOUND', '{}')`,
    [sweep.id],
  );
});
afterAll(async () => {
  await browser.close();
  await rig.close();
});

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

const pages = [
  '/',
  '/?find=nothing-like-this',
  '/?archived=1',
  '/launch?example=class-depth',
  '/launch?example=three-tasks',
  '/workers',
  '/actions',
  `/sweeps/${sweep.id}`,
  `/sweeps/${sweep.id}?group=kind&pin=fixed-0.9&pick=fixed-0.9&pick=uncertainty&sort=depth.meanError`,
  `/sweeps/${sweep.id}/delete`,
  `/sweeps/${sweep.id}/samples`,
  `/trials/${seededTrialId(sweep, 0)}`,
  `/trials/${seededTrialId(sweep, 3)}`,
  `/trials/${seededTrialId(sweep, 0)}?against=${seededTrialId(sweep, 1)}`,
  '/nothing-here',
] as const;

/** What axe-core finds; everything that is folded up is opened first. */
async function violations(path: string, dark: boolean, known: boolean): Promise<string[]> {
  const context = await browser.newContext({
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    viewport: { width: 1280, height: 900 },
    bypassCSP: true,
    ...(known ? { extraHTTPHeaders: { Authorization: `Bearer ${token}` } } : {}),
  });
  const page = await context.newPage();
  await page.goto(`${rig.url}${path}`);
  if (path.startsWith('/launch')) await page.locator('#spec-form > *').first().waitFor();
  if (/^\/(sweeps|trials)\/[^/]*$/.test(path)) {
    // A chart is drawn when it comes near the window.
    await page.locator('[data-charts] figure').first().scrollIntoViewIfNeeded();
    await page.locator('[data-charts] canvas').first().waitFor();
  }
  await page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((details) => (details.open = true))");
  await page.addScriptTag({ content: axe });
  const found = await page.evaluate<Violation[]>('axe.run(document).then((result) => result.violations)');
  await context.close();
  return found.flatMap(({ id, help, nodes }) =>
    nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary ?? ''}`),
  );
}

describe.each([false, true])('axe-core, dark: %s', (dark) => {
  it.each(pages)('finds nothing to say of %s', async (path) => {
    expect(await violations(path, dark, true)).toEqual([]);
  });

  it('finds nothing to say of the login', async () => {
    expect(await violations('/', dark, false)).toEqual([]);
  });
});
