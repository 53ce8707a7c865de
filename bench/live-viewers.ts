import { Agent, get, type IncomingMessage, type RequestOptions } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import type { PartsAnswer } from '../services/dashboard/live/parts-answer.js';

/** What the pages asked for after they were open. */
export interface ViewerCounts {
  readonly requests: number;
  /** Of the answers' bodies, as transferred. */
  readonly bytes: number;
  readonly failed: number;
}

/** As cheap as can be: the browsers of other people do not share this machine's processor. */
function ask(url: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, options, resolve).on('error', reject);
  });
}

const counts = { requests: 0, bytes: 0, failed: 0 };
/** What the same answers hold for every page, by the answer's tag; only the newest are needed. */
const read = new Map<string, PartsAnswer>();

function partsOf(response: IncomingMessage, body: Buffer): PartsAnswer {
  const tag = response.headers.etag ?? '';
  let parts = read.get(tag);
  if (parts === undefined) {
    const text = response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    parts = JSON.parse(text.toString()) as PartsAnswer;
    read.set(tag, parts);
    for (const oldest of read.keys()) {
      if (read.size <= 20) break;
      read.delete(oldest);
    }
  }
  return parts;
}

/** An open page: it hears of changes and asks for what has changed, one request at a time, as the browser's code does. */
async function openPage(base: string, sweepId: string, opened: () => void): Promise<void> {
  const sources = ['fragment/summary', 'fragment/comparison', 'fragment/trials', 'charts.json'].map(
    (part) => `/sweeps/${sweepId}/${part}`,
  );
  const tags = sources.map(() => '');
  const agent = new Agent({ keepAlive: true });
  const bring = async (): Promise<void> => {
    const query = new URLSearchParams();
    for (const [index, source] of sources.entries()) {
      query.append('of', source);
      query.append('has', tags[index] ?? '');
    }
    const response = await ask(`${base}/parts?${query.toString()}`, { agent, headers: { 'Accept-Encoding': 'gzip' } });
    const body = await buffer(response);
    counts.requests += 1;
    counts.bytes += body.byteLength;
    for (const [index, { status, tag }] of partsOf(response, body).entries()) {
      if (status === 200) tags[index] = tag ?? '';
      else if (status !== 304) counts.failed += 1;
    }
  };
  let again = false;
  let bringing = false;
  const refresh = async (): Promise<void> => {
    again = true;
    if (bringing) return;
    bringing = true;
    while (again) {
      again = false;
      await bring().catch(() => (counts.failed += 1));
    }
    bringing = false;
  };
  const events = await ask(`${base}/events?sweep=${sweepId}`, { agent });
  await refresh();
  opened();
  for await (const chunk of events as AsyncIterable<Buffer>) if (chunk.includes('event: change')) void refresh();
}

const [base = '', sweepId = '', count = ''] = process.argv.slice(2);
process.once('message', () => process.send?.(counts, () => process.exit()));
await Promise.all(
  Array.from(
    { length: Number(count) },
    () =>
      new Promise<void>((resolve, reject) => {
        openPage(base, sweepId, resolve).then(() => reject(new Error('the dashboard ended a stream')), reject);
      }),
  ),
);
Object.assign(counts, { requests: 0, bytes: 0, failed: 0 } satisfies ViewerCounts);
process.send?.('open');
