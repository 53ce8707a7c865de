import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands between a client and a NATS server, and cuts them off when the client publishes to a subject. */
export interface NatsProxy {
  /** Address of the server by way of the proxy. */
  readonly url: string;
  /** Resolves when the client has tried to publish to the subject. */
  readonly published: Promise<void>;
  close(): void;
}

/**
 * @param natsUrl address of the server
 * @param subject beginning of the subject that is waited for
 * @param then `withhold`: the server never gets the publication; `deliver`: it gets it, and the client never hears of it
 */
export async function startNatsProxy(
  natsUrl: string,
  subject: string,
  then: 'withhold' | 'deliver',
): Promise<NatsProxy> {
  const target = new URL(natsUrl);
  const sockets = new Set<Socket>();
  let report: () => void = () => undefined;
  const published = new Promise<void>((resolve) => (report = resolve));
  const command = new RegExp(`\\bH?PUB ${subject.replaceAll('.', '\\.')}`);

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let cut = false;
    let tail = '';
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (cut) return;
      // A command may be split over two chunks; the tail keeps its beginning.
      tail = (tail + chunk.toString('latin1')).slice(-(chunk.length + 200));
      cut = command.test(tail);
      if (!cut || then === 'deliver') upstream.write(chunk);
      if (cut) report();
    });
    upstream.on('data', (chunk) => {
      if (!cut) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(natsUrl);
  url.host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: url.href,
    published,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
