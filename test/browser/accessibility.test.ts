import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.js';
import { startDashboardRig, type DashboardRig } from '../helpers/dashboard-rig.js';
import { seededTrialId, seedSweep, seedWorkers, twoTaskSettings, type SeedOptions } from '../helpers/seed-sweep.js';
import { everything } from '../helpers/tiers.js';

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
async function violations(page: Page, path: string): Promise<string[]> {
  await page.goto(`${rig.url}${path}`);
  if (path.startsWith('/launch')) await page.locator('#spec-form > *').first().waitFor();
  if (/^\/(sweeps|trials)\/[^/]*$/.test(path)) {
    // A chart is drawn when it comes near the window.
    await page.locator('[data-charts] figure').first().scrollIntoViewIfNeeded();
    await page.locator('[data-charts] canvas').first().waitFor();
  }
  await page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((details) => (details.open = true))");
  await page.addScriptTag({ content: axe });
  const found: string[] = [];
  // The pages of a sweep and of a trial have all the colours.
  const both = everything || /^\/(sweeps|trials)\/[^/?]*$/.test(path);
  for (const colorScheme of both ? (['light', 'dark'] as const) : (['light'] as const)) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const all = await page.evaluate<Violation[]>('axe.run(document).then((result) => result.violations)');
    for (const { id, help, nodes } of all) {
      for (const { html, failureSummary } of nodes.slice(0, 3)) {
        found.push(`${colorScheme}: ${id}: ${help}: ${html.slice(0, 200)} ${failureSummary ?? ''}`);
      }
    }
  }
  return found;
}

describe('axe-core', () => {
  const viewport = { width: 1280, height: 900 };
  let operator: Page;
  let stranger: Page;

  // One page for all addresses: a new one for each costs more than what is looked at.
  beforeAll(async () => {
    const headers = { Authorization: `Bearer ${token}` };
    operator = await browser.newPage({ viewport, bypassCSP: true, extraHTTPHeaders: headers });
    stranger = await browser.newPage({ viewport, bypassCSP: true });
  });

  // One page of each kind; the others share their parts with these.
  const looked = everything ? pages : pages.filter((path) => !path.includes('?') || path.startsWith('/launch'));
  it.each(looked)('finds nothing to say of %s', async (path) => {
    expect(await violations(operator, path)).toEqual([]);
  });

  it('finds nothing to say of the login', async () => {
    expect(await violations(stranger, '/')).toEqual([]);
  });
});
