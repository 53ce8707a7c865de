import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectDatabase } from '../../services/shared/db/connect.js';
import { cliSandbox, tinySpec } from '../helpers/cli.js';
import { until } from '../helpers/deadline.js';
import { everything } from '../helpers/tiers.js';

const sandbox = cliSandbox();
afterAll(() => sandbox.remove());

describe('sigmasweep run', () => {
  it('refuses a bad spec with the field’s path and starts nothing', async () => {
    const spec = sandbox.writeSpec('bad.json', tinySpec({ tasks: ['semantic', 'dpeth'] }));
    const result = await sandbox.run(['run', spec, '--exit']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('tasks[1]');
    expect(result.stderr).toContain("did you mean 'depth'");
    expect(existsSync(join(sandbox.folder, 'state'))).toBe(false);
  });

  it('trains a sweep from nothing, prints every row, and keeps the results for the next run', async () => {
    const spec = sandbox.writeSpec('tiny.json', tinySpec());
    const first = await sandbox.run(['run', spec, '--exit']);
    expect(first.stderr).not.toContain('failed');
    expect(first.code).toBe(0);
    const rows = first.stdout.split('\n').filter((line) => /^\s*(1|0\.5|0|✓|[\w ]+uncertainty)/.test(line));
    expect(rows.length).toBeGreaterThanOrEqual(4);
    expect(first.stdout).toMatch(/IoU/);
    expect(first.stdout).toMatch(/depth/i);

    const again = await sandbox.run(['run', spec, '--exit']);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('was run before');
    expect(tableOf(again.stdout)).toBe(tableOf(first.stdout));
  });

  it.runIf(everything)('keeps the dashboard up until Ctrl-C, and then ends in order', async () => {
    const spec = join(sandbox.folder, 'tiny.json');
    const running = sandbox.start(['run', spec]);
    await until(() => running.output().stderr.includes('The dashboard stays up'), {
      deadlineMs: 120_000,
      what: 'the table to be printed',
    });
    const address = /Dashboard {2}(\S+)/.exec(running.output().stdout)?.[1] ?? '';
    // Another command's whole life passes, so that a process that nothing holds would have ended by now.
    expect((await sandbox.run(['status'])).stdout).toContain('8 succeeded');
    expect(running.child.exitCode).toBeNull();
    const page = await fetch(address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('task uncertainty');
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
    await expect(fetch(address)).rejects.toThrow();
  });

  it('leaves nothing running after it has ended', async () => {
    const status = await sandbox.run(['status']);
    expect(status.code).toBe(1);
    expect(status.stderr).toContain('sigmasweep up');
  });

  it('serves the finished sweep from up, in every form, until down', async () => {
    const up = await sandbox.run(['up', '--workers', '0']);
    expect(up.stderr + up.stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    expect(up.code).toBe(0);
    const status = await sandbox.run(['status']);
    expect(status.stdout).toContain('8 succeeded');
    expect(new Set(await statesOfWorkers()), 'workers that have ended, not lost').toEqual(new Set(['gone']));
    const csv = await sandbox.run(['table', 'latest', '--format', 'csv']);
    expect(csv.stdout.trim().split('\n')).toHaveLength(1 + 4);
    const latex = await sandbox.run(['table', 'latest', '--format', 'latex']);
    expect(latex.stdout).toContain('\\toprule');
    const markdown = await sandbox.run(['table', 'latest', '--format', 'markdown']);
    expect(markdown.stdout).toContain('| --- ');
    const unknown = await sandbox.run(['table', 'sweep-unknown']);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('sweep-unknown');
    const down = await sandbox.run(['down']);
    expect(down.stdout).toContain('Stopped');
    expect((await sandbox.run(['down'])).stdout).toContain('Nothing was running');
  });
});

async function statesOfWorkers(): Promise<string[]> {
  const record = readFileSync(join(sandbox.folder, 'state', 'run.json'), 'utf8');
  const database = connectDatabase((JSON.parse(record) as { databaseUrl: string }).databaseUrl, 1);
  try {
    return (await database.worker.findMany()).map((worker) => worker.state);
  } finally {
    await database.$disconnect();
  }
}

function tableOf(stdout: string): string {
  return stdout.slice(0, stdout.indexOf('Dashboard'));
}
