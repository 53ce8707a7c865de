import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { SigmasweepError } from '../errors.js';

/** What a service needs to do its work: resolves to what is wrong, or undefined when it is there. */
export type ReadinessCheck = () => Promise<string | undefined> | string | undefined;

export interface MonitoringOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly registry: Registry;
  /** By the name of what is checked. */
  readonly ready: Readonly<Record<string, ReadinessCheck>>;
}

export interface Monitoring {
  readonly url: string;
  close(): void;
}

/** A check without an answer by then counts as failed, milliseconds: probes usually wait longer. */
const checkWithinMs = 2000;

/**
 * Listens for those that watch a service: `/healthz` (the process answers), `/readyz` (200 when everything it needs is
 * there, 503 with what is not) and `/metrics` (Prometheus).
 * @throws SigmasweepError MONITORING_FAILED when the address can't be listened on
 */
export async function serveMonitoring({ host, port, registry, ready }: MonitoringOptions): Promise<Monitoring> {
  const paths: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/healthz': (response) => answerJson(response, 200, { ok: true }),
    '/readyz': async (response) => {
      const faults = await readinessFaults(ready);
      await answerJson(response, faults.length === 0 ? 200 : 503, { ok: faults.length === 0, faults });
    },
    '/metrics': async (response) => {
      const text = await registry.metrics();
      response.writeHead(200, { 'Content-Type': registry.contentType }).end(text);
    },
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const answer = Object.hasOwn(paths, path) ? paths[path] : undefined;
    if (answer === undefined || request.method !== 'GET') {
      void answerJson(response, answer === undefined ? 404 : 405, { ok: false });
      return;
    }
    answer(response).catch((error: unknown) => answerJson(response, 500, { ok: false, faults: [String(error)] }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new SigmasweepError('MONITORING_FAILED', `Monitoring cannot listen on ${host}:${port}: ${cause.message}`, {
          hint: 'Check SIGMASWEEP_MONITORING_HOST and SIGMASWEEP_MONITORING_PORT; each process needs a port of its own.',
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  // Whoever only watches does not keep a process alive.
  server.unref();
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function readinessFaults(ready: MonitoringOptions['ready']): Promise<string[]> {
  const answers = await Promise.all(
    Object.entries(ready).map(async ([name, check]) => {
      const fault = await within(checkWithinMs, check).catch((error: unknown) => String(error));
      return fault === undefined ? [] : [`${name}: ${fault}`];
    }),
  );
  return answers.flat();
}

async function within(milliseconds: number, check: ReadinessCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${milliseconds} ms`), milliseconds);
  });
  try {
    return await Promise.race([Promise.resolve(check()), late]);
  } finally {
    clearTimeout(timer);
  }
}

function answerJson(response: ServerResponse, status: number, body: object): Promise<void> {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
  return Promise.resolve();
}
