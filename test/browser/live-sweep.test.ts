import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTask } from '../../services/shared/catalog/workloads.js';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { launchChromium } from '../helpers/chromium.js';
import { cliSandbox, tinySpec } from '../helpers/cli.js';
import { confusionPrefix } from '../../services/shared/messages/confusion-cells.js';
import { until } from '../helpers/deadline.js';
import { everything } from '../helpers/tiers.js';

const sandbox = cliSandbox();
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await sandbox.remove();
});

/** Two single tasks, one fixed setting of two tasks and a learned one, with two metrics for each task. */
const cellsWithNumbers = 2 + 4 + 2 + 4;
const numbers = 'table.comparison td[data-mean]';

describe('the sweep page while its sweep really trains', () => {
  // publish.test.ts launches and trains one in a browser too, and dashboard.test.ts looks at what is live.
  it.runIf(everything)('shows numbers as they arrive, without a reload, and ends equal to the database', async () => {
    const spec = sandbox.writeSpec('live.json', tinySpec({ name: 'live <b>sweep</b>', epochs: 4 }));
    const run = sandbox.start(['run', spec, '--slots', '2']);
    const address = /http:\/\/127\.0\.0\.1:\d+\/sweeps\/sweep-\w+/;
    await until(() => address.test(run.output().stderr), { deadlineMs: 60_000, what: 'the dashboard’s address' });
    const url = address.exec(run.output().stderr)?.[0] ?? '';

    const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
    const problems: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(url);
    expect(await page.textContent('h1')).toContain('live <b>sweep</b>');
    // A value that a reload would lose.
    await page.evaluate("window.openedOnce = 'yes'");
    const filledCells = () => page.locator(numbers).count();
    const atFirst = await filledCells();
    expect(atFirst).toBeLessThan(cellsWithNumbers);
    await until(async () => (await filledCells()) > atFirst, {
      deadlineMs: 120_000,
      what: 'a first result in the table',
    });
    await until(() => run.output().stdout.includes('Dashboard'), { deadlineMs: 180_000, what: 'the sweep to end' });
    await until(async () => (await page.textContent('#summary .state'))?.includes('completed') === true, {
      deadlineMs: 30_000,
      what: 'the page to say completed',
    });
    // The parts of a page are fetched side by side: the table may come a moment after the head.
    const seeds = () => page.locator('table.comparison td.seeds').allTextContents();
    await until(async () => (await seeds()).every((text) => text.includes('2 of 2')), {
      deadlineMs: 30_000,
      what: 'the table to have every seed',
    });
    expect(await filledCells()).toBe(cellsWithNumbers);
    expect(await page.evaluate('window.openedOnce')).toBe('yes');

    const shown = await page.evaluate<ShownMean[]>(`
      [...document.querySelectorAll('${numbers}')].map((cell) => ({
        setting: cell.closest('tr').dataset.setting,
        ...cell.dataset,
        mean: Number(cell.dataset.mean),
        text: cell.textContent,
      }))`);
    const stored = await storedMeans(url.split('/').at(-1) ?? '');
    expect(shown).toHaveLength(stored.length);
    for (const cell of shown) {
      const match = stored.find(
        ({ setting, task, metric }) => setting === cell.setting && task === cell.task && metric === cell.metric,
      );
      expect(match, `${cell.setting} ${cell.task} ${cell.metric}`).toBeDefined();
      expect(cell.mean).toBeCloseTo(match?.mean ?? NaN, 10);
      expect(cell.text).toContain(match?.text ?? 'a number');
    }
    expect(problems).toEqual([]);
    await page.close();
    run.child.kill('SIGINT');
    await run.ended;
  });
});

/** A cell of the page's table. */
interface ShownMean {
  readonly setting: string;
  readonly task: string;
  readonly metric: string;
  readonly mean: number;
  readonly text: string;
}

interface StoredMean {
  readonly setting: string;
  readonly task: string;
  readonly metric: string;
  /** Unscaled. */
  readonly mean: number;
  /** As the table should write it. */
  readonly text: string;
}

/** Means over seeds of each setting's test metrics, straight from the metric rows. */
async function storedMeans(sweepId: string): Promise<StoredMean[]> {
  const record = JSON.parse(readFileSync(join(sandbox.folder, 'state', 'run.json'), 'utf8')) as { databaseUrl: string };
  const database = connectDatabase(record.databaseUrl, 2);
  try {
    const rows = await database.$queryRaw<{ setting: string; task: string; metric: string; mean: number }[]>`
      SELECT t.setting_key AS setting, m.task, m.metric, avg(m.value)::float8 AS mean
      FROM trial t JOIN metric m ON m.trial_id = t.id AND m.attempt = t.attempt
      WHERE t.sweep_id = ${sweepId} AND m.split = 'test' AND NOT starts_with(m.metric, ${confusionPrefix})
      GROUP BY t.setting_key, m.task, m.metric`;
    return rows.map((row) => {
      const info = findTask({ workload: 'street-scenes' }, row.task)?.metrics.find(({ name }) => name === row.metric);
      return { ...row, text: (row.mean * (info?.scale ?? NaN)).toFixed(info?.decimals) };
    });
  } finally {
    await database.$disconnect();
  }
}
