import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between clients and a server, as a network that fails would. */
export interface TcpProxy {
  /** The server's address by way of the proxy, with the credentials of the given one. */
  readonly url: string;
  /** Ends all connections; new ones are taken. */
  cut(): void;
  /** Forwards nothing any more without closing anything: both sides believe that they are connected. */
  hold(): void;
  /** Forwards again, first what came meanwhile. */
  release(): void;
  /** Never again forwards anything of the connections that are open now, and closes none; new ones are as they should. */
  freeze(): void;
  close(): void;
}

/** @param serverUrl address of the server, of any protocol over TCP */
export async function startTcpProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl);
  const pairs = new Set<readonly [Socket, Socket]>();
  const frozen = new Set<readonly [Socket, Socket]>();
  let held = false;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const mute = (): boolean => held || frozen.has(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('data', (chunk) => {
        if (to.destroyed) return;
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (!mute()) from.resume();
      });
      // While it is held, the end of one side is no news for the other.
      from.on('close', () => {
        if (!mute()) to.destroy();
        if (from.destroyed && to.destroyed) pairs.delete(pair);
      });
      if (held) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const cut = (): void => {
    for (const [client, upstream] of pairs) {
      client.destroy();
      upstream.destroy();
    }
    pairs.clear();
  };
  return {
    url: url.href,
    cut,
    hold: () => {
      held = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    release: () => {
      held = false;
      for (const pair of pairs) {
        const [client, upstream] = pair;
        if (frozen.has(pair)) continue;
        if (client.destroyed || upstream.destroyed) {
          client.destroy();
          upstream.destroy();
        } else {
          client.resume();
          upstream.resume();
        }
      }
    },
    freeze: () => {
      for (const pair of pairs) {
        frozen.add(pair);
        for (const socket of pair) socket.pause();
      }
    },
    close: () => {
      server.close();
      cut();
    },
  };
}
