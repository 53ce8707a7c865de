import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsOfKind, workloads } from '../../services/shared/catalog/workloads.js';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { chromiumPath, chromiumArguments } from '../helpers/chromium.js';
import { cliSandbox, tinySpec } from '../helpers/cli.js';
import { until } from '../helpers/deadline.js';

const sandbox = cliSandbox();
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });
});
afterAll(async () => {
  await browser.close();
  await sandbox.remove();
});

describe('the sweep page while its sweep really trains', () => {
  it('shows numbers as they arrive, without a reload, and ends equal to the database', async () => {
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
    const filledCells = () => page.locator('[data-comparison] td[data-mean]').count();
    const atFirst = await filledCells();
    expect(atFirst).toBeLessThan(6);
    await until(async () => (await filledCells()) > atFirst, { deadlineMs: 120_000, what: 'a first result in the table' });
    await until(() => run.output().stdout.includes('Dashboard'), { deadlineMs: 180_000, what: 'the sweep to end' });
    // (1) + (1 0.5/0.5: 2 tasks) + (1) + (uncertainty: 2 tasks) cells
    await until(async () => (await filledCells()) === 6, { deadlineMs: 30_000, what: 'every cell to be filled' });
    await until(async () => (await page.textContent('[data-sweep-state]'))?.includes('completed') === true, {
      deadlineMs: 30_000,
      what: 'the page to say completed',
    });
    expect(await page.evaluate('window.openedOnce')).toBe('yes');

    const shown = await page.locator('[data-comparison] td[data-mean]').evaluateAll((cells) =>
      cells.map((cell) => ({
        setting: cell.closest('tr')?.getAttribute('data-setting') ?? '',
        task: cell.getAttribute('data-task') ?? '',
        mean: Number(cell.getAttribute('data-mean')),
        text: cell.textContent,
      })),
    );
    const stored = await storedMeans(url.split('/').at(-1) ?? '');
    expect(shown).toHaveLength(stored.length);
    for (const cell of shown) {
      const match = stored.find((one) => one.setting === cell.setting && one.task === cell.task);
      expect(match, `${cell.setting} ${cell.task}`).toBeDefined();
      expect(cell.mean).toBeCloseTo(match?.mean ?? NaN, 10);
      expect(cell.text).toContain(match?.text ?? 'a number');
    }
    expect(problems).toEqual([]);
    await page.close();
    run.child.kill('SIGINT');
    await run.ended;
  });
});

interface StoredMean {
  setting: string;
  task: string;
  /** Unscaled. */
  mean: number;
  /** As the table should write it. */
  text: string;
}

/** Means over seeds of each setting's primary test metrics, straight from the metric rows. */
async function storedMeans(sweepId: string): Promise<StoredMean[]> {
  const record = JSON.parse(readFileSync(join(sandbox.folder, 'state', 'run.json'), 'utf8')) as { databaseUrl: string };
  const database = connectDatabase(record.databaseUrl, 2);
  try {
    const trials = await database.trial.findMany({ where: { sweepId } });
    const groups = new Map<string, number[]>();
    for (const trial of trials) {
      const rows = await database.metric.findMany({ where: { trialId: trial.id, attempt: trial.attempt, split: 'test' } });
      for (const task of workloads['street-scenes'].tasks) {
        const primary = metricsOfKind[task.kind][0];
        const row = rows.find((one) => one.task === task.name && one.metric === primary.name);
        if (row === undefined) continue;
        const key = `${trial.settingKey}\n${task.name}`;
        groups.set(key, [...(groups.get(key) ?? []), row.value]);
      }
    }
    return [...groups].map(([key, values]) => {
      const [setting = '', taskName = ''] = key.split('\n');
      const task = workloads['street-scenes'].tasks.find((one) => one.name === taskName);
      const primary = metricsOfKind[task?.kind ?? 'depth'][0];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { setting, task: taskName, mean, text: (mean * primary.scale).toFixed(primary.decimals) };
    });
  } finally {
    await database.$disconnect();
  }
}
