import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { protocolVersion } from '../services/shared/messages/common.js';
import type { ReportMessage } from '../services/shared/messages/reports.js';
import { subjects } from '../services/shared/nats-names.js';
import { connectNats } from '../services/shared/nats/connect.js';
import { largeSweepWorker, writeLargeSweep } from './large-sweep.js';
import type { ViewerCounts } from './live-viewers.js';
import type { BenchRecord } from './record.js';
import { launchBrowser, withStack, type Stack } from './stack.js';

const sweep = { id: 'sweep-watched', settings: 12, seeds: 3, epochs: 40, running: 3 };
/** The last setting's seeds run; the first of them reports. */
const watched = { trialId: 'trial-watched-11-1', setting: 'setting 11' };
const viewers = 50;
const points = 120;
/** Mean time between two reports, in milliseconds. */
const pace = 400;

/** Opens pages in a process of their own, as other people do; ends them and tells what they asked for. */
async function openViewers(base: string): Promise<() => Promise<ViewerCounts>> {
  const child = fork(fileURLToPath(new URL('live-viewers.js', import.meta.url)), [base, sweep.id, String(viewers - 1)]);
  const told = async (): Promise<unknown> => {
    const [message] = (await once(child, 'message')) as [unknown];
    return message;
  };
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the viewers ended: ${String(code)}`)));
  ended.catch(() => undefined);
  await Promise.race([told(), ended]);
  return async () => {
    const counts = Promise.race([told(), ended]);
    child.send('end');
    return (await counts) as ViewerCounts;
  };
}

interface Seen {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Opens the numbers of the first learning curve and notes each time when the watched setting's last one changes. */
async function noteChanges(page: Page): Promise<() => Promise<readonly Seen[]>> {
  const figure = page.locator('figure[data-chart="learning-semantic"]');
  await figure.scrollIntoViewIfNeeded();
  await figure.locator('summary').click();
  await page.evaluate(`{
    const figure = document.querySelector('figure[data-chart="learning-semantic"]');
    window.seen = [];
    new MutationObserver(() => {
      const row = [...figure.querySelectorAll('tr')].find((one) => one.cells[0]?.textContent === '${watched.setting}');
      // Before its deviation and its seeds.
      const text = [...(row?.cells ?? [])].at(-3)?.textContent;
      if (text !== undefined && text !== window.seen.at(-1)?.text) window.seen.push({ at: Date.now(), text });
    }).observe(figure, { childList: true, subtree: true, characterData: true });
  }`);
  return () => page.evaluate<Seen[]>('window.seen');
}

/** The value of a point. */
const valueOf = (point: number): number => (200 + point) / 1000;
/** The same as the page shows it. */
const textOf = (point: number): string => (100 * valueOf(point)).toFixed(1);

/** Reports one point after the other as a worker does, and gives back when each was sent. */
async function report(natsUrl: string): Promise<number[]> {
  const connection = await connectNats(natsUrl, 'bench');
  const jetstream = connection.jetstream();
  const sent: number[] = [];
  for (let point = 0; point < points; point += 1) {
    const message: ReportMessage = {
      v: protocolVersion,
      trialId: watched.trialId,
      attempt: 1,
      workerId: largeSweepWorker,
      items: [
        {
          type: 'metrics',
          points: [{ epoch: point, split: 'validation', task: 'semantic', metric: 'meanIoU', value: valueOf(point) }],
        },
        { type: 'heartbeat', step: point, steps: points },
      ],
    };
    sent.push(Date.now());
    await jetstream.publish(subjects.report(watched.trialId), JSON.stringify(message));
    await delay(pace * (0.5 + Math.random()));
  }
  await connection.close();
  return sent;
}

interface Measured {
  /** Milliseconds from each report until the page shows it. */
  readonly lags: readonly number[];
  readonly counts: ViewerCounts;
}

async function measure({ databaseUrl, natsUrl, dashboardUrl }: Stack): Promise<Measured> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await writeLargeSweep(client, sweep);
  await client.end();
  const browser = await launchBrowser();
  try {
    const base = new URL(dashboardUrl).origin;
    const endViewers = await openViewers(base);
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${base}/sweeps/${sweep.id}`);
    const changes = await noteChanges(page);
    const sent = await report(natsUrl);
    await delay(3000);
    const seen = await changes();
    const counts = await endViewers();
    // A point is on the page with itself, or with a later one that has come in the meantime.
    const lags = sent.map((at, point) => {
      const later = new Set(Array.from({ length: points - point }, (_, more) => textOf(point + more)));
      const shown = seen.find(({ text }) => later.has(text));
      return shown === undefined ? Number.POSITIVE_INFINITY : shown.at - at;
    });
    return { lags, counts };
  } finally {
    await browser.close();
  }
}

/** How long a reported point takes to the page of one of many viewers. */
export async function run(): Promise<readonly BenchRecord[]> {
  const measured = await withStack(measure);
  const lags = [...measured.lags].sort((a, b) => a - b);
  const { requests, bytes, failed } = measured.counts;
  if (failed > 0) throw new Error(`${String(failed)} requests of the other pages failed`);
  const share = (part: number): number => lags[Math.min(lags.length - 1, Math.floor(part * lags.length))] ?? Number.NaN;
  const told = `${String(points)} points, one each ${String(pace)} ms, ${String(viewers)} open pages of 36 trials`;
  return [
    {
      name: 'from report to page, 95th percentile',
      value: share(0.95),
      unit: 'ms',
      comparedWith: `goal: 500 ms; ${told}`,
    },
    { name: 'from report to page, median', value: share(0.5), unit: 'ms', comparedWith: told },
    {
      name: 'transferred to an open page for each reported point',
      value: bytes / (viewers - 1) / points / 1000,
      unit: 'kB',
      comparedWith: `compressed; ${(requests / (viewers - 1) / points).toFixed(2)} requests`,
    },
  ];
}
