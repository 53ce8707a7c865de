import { setMaxListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { createAccess } from '../services/dashboard/access/access.js';
import { createDashboard } from '../services/dashboard/app.js';
import { readAssets } from '../services/dashboard/assets.js';
import { commandsOver } from '../services/dashboard/commands.js';
import { listen } from '../services/dashboard/listen.js';
import { LiveChanges } from '../services/dashboard/live/live-changes.js';
import type { PartsAnswer } from '../services/dashboard/live/parts-answer.js';
import { sweepFingerprint } from '../services/dashboard/queries/fingerprints.js';
import { connectDatabase } from '../services/shared/db/connect.js';
import { createLogger } from '../services/shared/log.js';
import { connectNats } from '../services/shared/nats/connect.js';
import { writeLargeSweep } from './large-sweep.js';
import type { BenchRecord } from './record.js';
import { withStack, type Stack } from './stack.js';

const sweep = { id: 'sweep-hour', settings: 6, seeds: 3, epochs: 10, running: 3 };
const viewers = 50;
/** One change a second, for an hour. */
const changes = 3600;
/** Caches fill, and functions are compiled, during the first of them. */
const warmUp = 600;
const mebibyte = 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the heap that are still needed. */
function heap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Listens to a stream and tells when it begins and of its events, which it does not keep. */
async function listenTo(url: string, ended: AbortSignal, heard: () => void): Promise<void> {
  const { body } = await fetch(url, { signal: ended });
  heard();
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? [])
    if (text.includes('event: change')) heard();
}

async function measure({ databaseUrl, natsUrl }: Stack): Promise<{ before: number; after: number }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await writeLargeSweep(client, sweep);
  const [database, nats] = [connectDatabase(databaseUrl), await connectNats(natsUrl, 'bench')];
  const live = new LiveChanges((topic) => sweepFingerprint(database, topic), { minGap: 0, pollEvery: 60_000 });
  const app = createDashboard({
    database,
    live,
    assets: readAssets(),
    logger: createLogger('dashboard', 'silent'),
    access: createAccess({ token: undefined, viewToken: undefined, sessionHours: 12, proxies: 0 }),
    examples: [],
    commands: commandsOver(nats, () => undefined),
  });
  const { server, url } = await listen(app, '127.0.0.1', 0);
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);
  let heard = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let enough: () => void = () => undefined;
  const hear = (): void => {
    heard += 1;
    if (heard >= wanted) enough();
  };
  const streams = Array.from({ length: viewers }, () =>
    listenTo(`${url}/events?sweep=${sweep.id}`, ended.signal, hear).catch(() => undefined),
  );
  const parts = ['fragment/summary', 'fragment/comparison', 'fragment/trials', 'charts.json'];
  const tags = parts.map(() => '');
  // As a page does: what it has already is not sent again.
  const bring = async (): Promise<void> => {
    const query = new URLSearchParams();
    for (const [index, part] of parts.entries()) {
      query.append('of', `/sweeps/${sweep.id}/${part}`);
      query.append('has', tags[index] ?? '');
    }
    const answers = (await (await fetch(`${url}/parts?${query.toString()}`)).json()) as PartsAnswer;
    for (const [index, { tag }] of answers.entries()) if (tag !== undefined) tags[index] = tag;
  };
  const change = async (step: number): Promise<void> => {
    await client.query(`UPDATE trial SET step = $2 WHERE sweep_id = $1 AND state = 'running'`, [sweep.id, step]);
    const all = new Promise<void>((resolve) => (enough = resolve));
    wanted = heard + viewers;
    live.notice(sweep.id);
    await all;
    await bring();
  };
  const opened = new Promise<void>((resolve) => (enough = resolve));
  wanted = viewers;
  await opened;
  try {
    let before = 0;
    for (let count = 0; count < changes + warmUp; count += 1) {
      if (count === warmUp) before = heap();
      await change(count);
    }
    return { before, after: heap() };
  } finally {
    ended.abort();
    await Promise.all(streams);
    live.close();
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await Promise.allSettled([client.end(), database.$disconnect(), nats.close()]);
  }
}

/** What an hour of changes leaves on the heap of the dashboard. */
export async function run(): Promise<readonly BenchRecord[]> {
  const { before, after } = await withStack(measure);
  return [
    {
      name: 'heap of the dashboard after the changes of an hour, over before',
      value: (after - before) / mebibyte,
      unit: 'MiB',
      comparedWith: `goal: 0; ${String(changes)} changes, ${String(viewers)} open pages; ${(before / mebibyte).toFixed(1)} MiB before`,
    },
  ];
}
