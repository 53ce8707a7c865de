import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../helpers/chromium.js';
import { cliSandbox } from '../helpers/cli.js';
import { until } from '../helpers/deadline.js';

/** A rehearsal goes the whole way of a sweep in moments: planned, claimed by a worker, reported, recorded. */
const spec = {
  name: 'all charts <img src=x onerror=alert(1)>',
  workload: 'rehearsal',
  tasks: ['semantic', 'instance', 'depth'],
  grid: { simplex: { step: 0.25 } },
  baselines: true,
  weightings: [{ method: 'uncertainty' }, { method: 'pcgrad' }],
  seeds: [1, 2, 3],
  epochs: 6,
  quick: { seeds: [1, 2] },
};

const sections = [
  'Test metric against loss weight',
  'Response surface over the three weights',
  'Pareto front',
  'Settings, from options to results',
  'Importance of options',
  'Learning curves on the validation split',
  'Angle between the tasks’ gradients',
  'Time and throughput',
];

const sandbox = cliSandbox();
let browser: Browser;
let url = '';

/** What a person has clicked on, from an installation without sweeps on. */
const clicks: string[] = [];
let table = '';

beforeAll(async () => {
  browser = await launchChromium();
  const up = await sandbox.run(['up', '--slots', '2']);
  const start = /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout + up.stderr)?.[0] ?? up.stderr;
  const page = await browser.newPage({ acceptDownloads: true });
  const click = async (what: string, place: Locator): Promise<void> => {
    clicks.push(what);
    await place.click();
  };
  await page.goto(start);
  await click('Launch a sweep', page.getByRole('link', { name: 'Launch a sweep' }));
  // An example is there already; what is trained here takes moments instead of minutes.
  await page.locator('#spec-form > *').first().waitFor();
  expect(await page.inputValue('#spec-text')).toContain('Semantic class');
  await page.fill('#spec-text', JSON.stringify(spec));
  await page.locator('#launch-state', { hasText: /^51 trials/ }).waitFor();
  await click('quick size', page.getByLabel('quick size'));
  await page.locator('#launch-state', { hasText: /^34 trials/ }).waitFor();
  await click('Launch', page.locator('#launch-button'));
  await page.waitForURL(/\/sweeps\/sweep-\w+\?launched=new/);
  url = page.url().split('?')[0] ?? '';
  await page.locator('#summary .state', { hasText: 'completed' }).waitFor({ timeout: 120_000 });
  await page.locator('table.comparison tr[data-setting] td[data-mean]').first().waitFor();
  const download = page.waitForEvent('download');
  await click('LaTeX', page.locator('.table-tools a', { hasText: 'LaTeX' }));
  table = readFileSync(await (await download).path(), 'utf8');
  await page.close();
}, 240_000);
afterAll(async () => {
  await browser.close();
  await sandbox.remove();
});

/** A page whose complaints, and whatever it asks of the network, are written down. */
async function watchedPage(address: string): Promise<{ page: Page; problems: string[]; asked: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 }, acceptDownloads: true });
  const [problems, asked]: [string[], string[]] = [[], []];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(address);
  return { page, problems, asked };
}

async function saved(page: Page, chart: string, form: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.locator(`[data-chart="${chart}"] button[aria-label="Save as ${form}"]`).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${chart}.${form.toLowerCase()}`);
  return readFileSync(await download.path());
}

describe('an installation without sweeps', () => {
  it('comes to a LaTeX table in four clicks', () => {
    expect(clicks).toEqual(['Launch a sweep', 'quick size', 'Launch', 'LaTeX']);
    expect(table).toContain('\\begin{tabular}');
    expect(table).toContain('\\bottomrule');
    // A row for each setting, with numbers.
    expect(table.match(/\\pm/g)?.length).toBeGreaterThan(17);
    expect(table).not.toContain('<img');
  });
});

describe('a finished sweep', () => {
  it('shows every chart, each with its numbers, and saves it as SVG, PNG and CSV', async () => {
    const { page, problems } = await watchedPage(url);
    const titles = () => page.locator('.charts h2').allTextContents();
    await until(async () => (await titles()).includes('Time and throughput'), {
      deadlineMs: 30_000,
      what: 'the charts',
    });
    expect(await titles()).toEqual(expect.arrayContaining(sections));

    const surface = page.locator('[data-chart="surface-semantic"]');
    // Charts are drawn when they come near the window.
    await surface.scrollIntoViewIfNeeded();
    expect(await surface.locator('svg').getAttribute('aria-label')).toContain('10 points');
    await surface.locator('summary').click();
    // Those of the 15 points of the lattice that train the task, and both ends of two paths.
    await until(async () => (await surface.locator('tbody tr').count()) > 0, { deadlineMs: 5_000, what: 'numbers' });
    const numbers = await surface.locator('tbody tr').allTextContents();
    expect(numbers.filter((text) => text.includes('weights at last'))).toHaveLength(2);

    const svg = (await saved(page, 'pareto-semantic-depth', 'SVG')).toString();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain('Single task');
    const png = await saved(page, 'surface-semantic', 'PNG');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(3 * 640);
    expect((await saved(page, 'cosine-semantic-depth', 'CSV')).toString().split('\n').length).toBeGreaterThan(6);

    expect(problems).toEqual([]);
    await page.close();
  });

  it('becomes one file by `sigmasweep report` that opens without a server and asks nothing of the network', async () => {
    const file = join(sandbox.folder, 'report.html');
    const { code, stdout, stderr } = await sandbox.run(['report', 'latest', '--output', file]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trim()).toBe(file);
    const address = pathToFileURL(file).href;
    const { page, problems, asked } = await watchedPage(address);
    expect(asked).toEqual([address]);
    expect(problems).toEqual([]);
    expect(await page.textContent('h1')).toBe(spec.name);
    expect(await page.locator('img, script').count()).toBe(0);
    expect(await page.locator('h2').allTextContents()).toEqual(
      expect.arrayContaining([...sections, 'Comparison', 'Protocol', 'Spec']),
    );
    // The style sheet is allowed by its hash: without it everything would be in a serif.
    expect(await page.evaluate('getComputedStyle(document.body).maxWidth')).toBe('1240px');
    expect(await page.textContent('main')).toContain('each of the seeds 1 and 2');
    await page.close();
  });

  it('describes its protocol as text', async () => {
    const [markdown, latex] = await Promise.all(
      ['md', 'tex'].map(async (form) => (await fetch(`${url}/protocol.${form}`)).text()),
    );
    expect(markdown).toContain('**Seeds.** Each setting was trained once with each of the seeds 1 and 2');
    expect(markdown).toContain('nothing was trained');
    expect(latex).toContain('\\paragraph{Hardware and software.}');
    expect(latex).not.toContain('<img');
  });
});
