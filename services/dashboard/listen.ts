import { serve, type ServerType } from '@hono/node-server';
import type { Hono } from 'hono';
import type { AddressInfo } from 'node:net';
import { SigmasweepError } from '../shared/errors.js';

/** How many ports after the wanted one are tried. */
const furtherPorts = 20;

/** Who sends a request slower than this holds a connection for nothing, in milliseconds. */
const patience = { headersTimeout: 10_000, requestTimeout: 60_000 };

export interface Listening {
  readonly server: ServerType;
  readonly port: number;
  readonly url: string;
}

/**
 * Listens on the wanted port or, when it is taken, on the next free one of the following 20.
 * @param wanted 0 lets the system choose
 * @throws SigmasweepError PORTS_TAKEN when all are taken; LISTEN_FAILED when the address can't be listened on
 */
export async function listen(app: Hono, host: string, wanted: number): Promise<Listening> {
  const last = wanted === 0 ? 0 : Math.min(65_535, wanted + furtherPorts);
  for (let port = wanted; port <= last; port += 1) {
    const server = await tryPort(app, host, port);
    if (server === undefined) continue;
    const bound = (server.address() as AddressInfo).port;
    const shown = host.includes(':') ? `[${host}]` : host;
    return { server, port: bound, url: `http://${shown}:${bound}` };
  }
  throw new SigmasweepError('PORTS_TAKEN', `Ports ${wanted} to ${last} of ${host} are all taken.`, {
    hint: 'Set SIGMASWEEP_PORT to a free one, or to 0 for any.',
  });
}

/** Undefined when the port is taken. */
function tryPort(app: Hono, host: string, port: number): Promise<ServerType | undefined> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions: patience });
    server.once('listening', () => resolve(server));
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        resolve(undefined);
        return;
      }
      reject(
        new SigmasweepError('LISTEN_FAILED', `The dashboard cannot listen on ${host}:${port}: ${error.message}`, {
          hint: 'Check SIGMASWEEP_HOST and SIGMASWEEP_PORT.',
          cause: error,
        }),
      );
    });
  });
}
