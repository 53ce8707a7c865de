import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { writeLargeSweep } from './large-sweep.js';
import type { BenchRecord } from './record.js';
import { launchBrowser, withStack } from './stack.js';

const sweep = { id: 'sweep-large', settings: 334, seeds: 3, epochs: 100 };
const openings = 9;
/** Until the browser has come to rest before an opening, in milliseconds. */
const rest = 1500;
const what = '1,002 trials × 100 epochs × 3 tasks';

interface Opening {
  /** Milliseconds from asking for the page until its table is drawn and its controls work. */
  readonly usable: number;
  /** The same until the first chart is drawn. */
  readonly charts: number;
  /** What came over the network until then, compressed. */
  readonly bytes: number;
}

/**
 * Runs in the page before its own scripts: notes when something is there and the frame that shows it is drawn. From
 * outside it would be seen later: the browser answers a debugger when it has nothing else to do.
 */
const noteTimes = `{
  const wanted = {
    usable: 'html.js table.comparison tbody tr:nth-of-type(51)',
    charts: '.charts canvas, .charts figure',
  };
  window.shown = {};
  const look = () => {
    for (const [name, selector] of Object.entries(wanted)) {
      if (document.querySelector(selector) === null) continue;
      delete wanted[name];
      requestAnimationFrame(() => {
        const drawn = new MessageChannel();
        drawn.port1.onmessage = () => (window.shown[name] = performance.now());
        drawn.port2.postMessage('');
      });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
}`;

/** Opens the page in a browser window that is there already and has nothing of the page in its cache. */
async function open(page: Page, url: string): Promise<Opening> {
  // A window's own first work takes a second, which is not the page's.
  await page.goto('about:blank');
  await delay(rest);
  const network = await page.context().newCDPSession(page);
  await network.send('Network.clearBrowserCache');
  await network.send('Network.enable');
  let bytes = 0;
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForSelector('.charts canvas, .charts figure');
  await page.waitForSelector('#live[data-state="live"]');
  const { usable, charts } = await page.evaluate<{ usable: number; charts: number }>('window.shown');
  await network.detach();
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
      const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
      await page.addInitScript(noteTimes);
      // The first one is of a dashboard that has just started.
      for (let index = 0; index <= openings; index += 1) {
        opened.push(await open(page, new URL(`/sweeps/${sweep.id}`, dashboardUrl).href));
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
