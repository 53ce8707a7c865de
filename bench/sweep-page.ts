import pg from 'pg';
import type { Browser } from 'playwright-core';
import { writeLargeSweep } from './large-sweep.js';
import type { BenchRecord } from './record.js';
import { launchBrowser, withStack } from './stack.js';

const sweep = { id: 'sweep-large', settings: 334, seeds: 3, epochs: 100 };
const openings = 5;
const what = '1,002 trials × 100 epochs × 3 tasks';

interface Opening {
  /** Milliseconds from asking for the page until its table is there and its controls work. */
  readonly usable: number;
  /** The same until the first chart is drawn. */
  readonly charts: number;
  /** What came over the network until then, compressed. */
  readonly bytes: number;
}

/** Opens the page in a browser that has nothing of it in its cache. */
async function open(browser: Browser, url: string): Promise<Opening> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  await network.send('Network.enable');
  let bytes = 0;
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  const begin = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  // Nothing is evaluated in the page: its content security policy does not let it.
  await page.waitForSelector('html.js table.comparison tbody tr:nth-of-type(51)', { state: 'attached' });
  const usable = performance.now() - begin;
  await page.waitForSelector('.charts canvas, .charts figure');
  const charts = performance.now() - begin;
  await page.waitForSelector('#live[data-state="live"]');
  await context.close();
  return { usable, charts, bytes };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** How long a large sweep's page takes to be of use, and what it transfers. */
export async function run(): Promise<readonly BenchRecord[]> {
  return withStack(async ({ databaseUrl, dashboardUrl }) => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await writeLargeSweep(client, sweep);
    await client.end();
    const browser = await launchBrowser();
    const opened: Opening[] = [];
    try {
      // The first one is of a dashboard that has just started.
      for (let index = 0; index <= openings; index += 1) {
        opened.push(await open(browser, new URL(`/sweeps/${sweep.id}`, dashboardUrl).href));
      }
    } finally {
      await browser.close();
    }
    const [first, ...warm] = opened;
    return [
      {
        name: `page of a sweep with ${what}: usable after`,
        value: median(warm.map(({ usable }) => usable)) / 1000,
        unit: 's',
        comparedWith: `goal: 1 s; median of ${String(openings)}, the first of all ${((first?.usable ?? 0) / 1000).toFixed(2)} s`,
      },
      {
        name: `page of a sweep with ${what}: charts after`,
        value: median(warm.map(({ charts }) => charts)) / 1000,
        unit: 's',
        comparedWith: `median of ${String(openings)}, the first of all ${((first?.charts ?? 0) / 1000).toFixed(2)} s`,
      },
      {
        name: `page of a sweep with ${what}: transferred`,
        value: Math.max(...opened.map(({ bytes }) => bytes)) / 1000,
        unit: 'kB',
        comparedWith: 'goal: 500 kB; page, scripts, styles, charts and the first refresh, compressed',
      },
    ];
  });
}
