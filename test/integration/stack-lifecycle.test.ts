import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startNats } from '../../services/cli/stack/nats.js';
import { isRunning, type ProcessIdentity } from '../../services/cli/stack/processes.js';
import { runningStack, startStack, stopStack, type Stack } from '../../services/cli/stack/stack.js';
import { stateFolder } from '../../services/cli/stack/state-folder.js';
import type { StackOptions } from '../../services/cli/verbs/stack-options.js';
import type { Terminal } from '../../services/cli/verbs/verb.js';
import { readConfig } from '../../services/shared/config.js';
import { callCommand } from '../../services/shared/nats/command-client.js';
import { connectNats } from '../../services/shared/nats/connect.js';
import { until } from '../helpers/deadline.js';
import { provideNats } from '../helpers/servers.js';
import { everything } from '../helpers/tiers.js';

const folder = mkdtempSync(join(tmpdir(), 'sigmasweep lifecycle '));
chmodSync(folder, 0o755);
const environment = { ...process.env, DATABASE_URL: '', NATS_URL: '', SIGMASWEEP_PORT: '0' };
const noted: string[] = [];

function terminalOf(root: string, extra: Record<string, string> = {}): Terminal {
  const whole = { ...environment, SIGMASWEEP_STATE: root, ...extra };
  return {
    config: readConfig('cli', whole),
    environment: whole,
    interactive: false,
    colour: false,
    print: (line) => noted.push(line),
    note: (line) => noted.push(line),
    status: () => undefined,
  };
}

const root = join(folder, 'state');
const terminal = terminalOf(root);
const options: StackOptions = { workers: 0, slots: 1, backend: 'wasm' };

interface Recorded extends ProcessIdentity {
  readonly name: string;
}

function recorded(): readonly Recorded[] {
  const text = readFileSync(join(root, 'run.json'), 'utf8');
  return (JSON.parse(text) as { processes: Recorded[] }).processes;
}

const find = (name: string): Recorded => {
  const found = recorded().find((process) => process.name === name);
  if (found === undefined) throw new Error(`${name} is not in the record`);
  return found;
};

async function kill(process_: Recorded): Promise<void> {
  process.kill(process_.pid, 'SIGKILL');
  await until(() => !isRunning(process_), { deadlineMs: 10_000, what: `${process_.name} to end` });
}

async function sweeps(natsUrl: string): Promise<number> {
  const connection = await connectNats(natsUrl, 'test');
  try {
    return (await callCommand(connection, 'list', {})).sweeps.length;
  } finally {
    await connection.close();
  }
}

const up = (extra: Partial<StackOptions> = {}) => startStack(terminal, { ...options, ...extra }, 'keep');
const using = () => startStack(terminal, options, 'while-running');

afterEach(async () => {
  await stopStack(terminal);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a local stack', () => {
  it('starts once for two starts at once, hides its passwords, and stops whole', async () => {
    const [first, second] = await Promise.all([up(), up()]);
    expect([first.startedHere, second.startedHere].filter(Boolean)).toHaveLength(1);
    expect(second.dashboardUrl).toBe(first.dashboardUrl);
    expect(recorded().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['PostgreSQL', 'nats-server', 'coordinator', 'dashboard']),
    );
    expect(recorded()).toHaveLength(4);
    expect(statSync(join(root, 'run.json')).mode & 0o077).toBe(0);
    expect(await runningStack(terminal.config)).toMatchObject({ natsUrl: first.natsUrl });
    const page = await fetch(first.dashboardUrl ?? '');
    expect(page.status).toBe(200);

    const processes = recorded();
    expect(await stopStack(terminal)).toBe(true);
    expect(processes.filter(isRunning)).toEqual([]);
    expect(await runningStack(terminal.config)).toBeUndefined();
    expect(await stopStack(terminal)).toBe(false);
  });

  it('is completed by the next start after parts of it were killed, at the same addresses', async () => {
    const first = await up({ workers: 1 });
    const before = recorded();
    for (const name of ['nats-server', 'coordinator', 'worker-1']) await kill(find(name));
    const second = await up({ workers: 2 });
    expect(second).toMatchObject({ natsUrl: first.natsUrl, databaseUrl: first.databaseUrl, startedHere: true });
    expect(await sweeps(second.natsUrl)).toBe(0);
    const same = recorded().filter(({ pid }) => before.some((process) => process.pid === pid));
    expect(same.map(({ name }) => name).sort()).toEqual(['PostgreSQL', 'dashboard']);
    expect(recorded().filter(isRunning)).toHaveLength(6);

    const asked = noted.length;
    await up({ workers: 1, slots: 3 });
    expect(noted.slice(asked).join('\n')).toContain('worker-1 runs already, without --slots 3');
  });

  it.runIf(everything)('ignores the record of a stack of which nothing runs any more', async () => {
    mkdirSync(root, { recursive: true });
    const stale = { name: 'coordinator', pid: 1, started: 'before the last boot', log: '', ready: true };
    writeFileSync(
      join(root, 'run.json'),
      JSON.stringify({ version: 1, databaseUrl: 'x', natsUrl: 'x', processes: [stale], users: [], keep: true }),
    );
    expect(await runningStack(terminal.config)).toBeUndefined();
    const stack = await using();
    expect(recorded().map(({ pid }) => pid)).not.toContain(1);
    // The old record said `keep`; this stack is its user's only.
    await stack.stop();
    expect(await runningStack(terminal.config)).toBeUndefined();
  });

  it.runIf(everything)('stops what it started when a part cannot start, and leaves the rest running', async () => {
    const kept = await up();
    const before = recorded();
    // The worker refuses its settings.
    const broken = startStack(
      terminalOf(root, { SIGMASWEEP_LOG_LEVEL: 'loud' }),
      { ...options, workers: 1 },
      'while-running',
    );
    await expect(broken).rejects.toThrow(/SIGMASWEEP_LOG_LEVEL/);
    expect(recorded()).toEqual(before);
    expect(await sweeps(kept.natsUrl)).toBe(0);

    await stopStack(terminal);
    await expect(startStack(terminalOf(root, { SIGMASWEEP_LOG_LEVEL: 'loud' }), options, 'keep')).rejects.toMatchObject(
      { code: 'PROCESS_ENDED' },
    );
    expect(existsSync(join(root, 'run.json'))).toBe(false);
    expect(before.filter(isRunning)).toEqual([]);
    expect(await stopStack(terminal)).toBe(false);
  });

  it('is given up when the person interrupts its start', async () => {
    const controller = new AbortController();
    const start = startStack(terminal, { ...options, workers: 1 }, 'while-running', controller.signal);
    await until(() => existsSync(join(root, 'run.json')) && recorded().some(({ name }) => name === 'coordinator'), {
      deadlineMs: 60_000,
      what: 'the coordinator to be started',
    });
    const begun = recorded();
    controller.abort();
    await expect(start).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(begun.filter(isRunning)).toEqual([]);
    expect(await stopStack(terminal)).toBe(false);
  });

  it('is started again part by part while a command uses it, and given up when another one stops it', async () => {
    const stack: Stack = await using();
    const coordinator = find('coordinator');
    await kill(coordinator);
    await kill(find('nats-server'));
    await until(async () => find('coordinator').pid !== coordinator.pid && (await sweeps(stack.natsUrl)) === 0, {
      deadlineMs: 60_000,
      what: 'the coordinator to answer again',
    });
    await until(() => recorded().every(isRunning), { deadlineMs: 60_000, what: 'everything to run' });

    await stopStack(terminal);
    expect(await stack.broken).toMatchObject({ code: 'STACK_STOPPED' });
    await stack.stop();
    expect(await runningStack(terminal.config)).toBeUndefined();
  });

  it.runIf(everything)('starts only its services beside servers that are given', async () => {
    const own = await up();
    const elsewhere = join(folder, 'services only');
    const given = { DATABASE_URL: own.databaseUrl, NATS_URL: own.natsUrl };
    const services = terminalOf(elsewhere, given);
    const stack = await startStack(services, options, 'keep');
    expect(stack).toMatchObject({ natsUrl: own.natsUrl, databaseUrl: own.databaseUrl });
    expect(existsSync(join(elsewhere, 'postgres'))).toBe(false);
    expect(existsSync(join(elsewhere, 'nats'))).toBe(false);
    expect(await stopStack(services)).toBe(true);
    // The given servers are not ours to stop.
    expect(await sweeps(own.natsUrl)).toBe(0);
  });

  it('stops servers that a killed start left behind without a record', async () => {
    const nats = await startNats({ state: stateFolder(root), provide: provideNats });
    expect(await stopStack(terminal)).toBe(true);
    expect(isRunning(nats.identity)).toBe(false);
  });
});
