import { createServer } from 'node:net';

/** The loopback address that every server of the stack listens on. */
export const loopback = '127.0.0.1';

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: loopback, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

/**
 * A TCP port of 127.0.0.1 that nobody listens on at this moment; another process may take it before the caller does.
 * @param preferred taken when it is free, so that a server that starts again is found where its clients look for it
 */
export async function freePort(preferred?: number): Promise<number> {
  const kept = preferred === undefined ? undefined : await tryPort(preferred);
  const port = kept ?? (await tryPort(0));
  if (port === undefined) throw new Error('The system gave no free TCP port on 127.0.0.1.');
  return port;
}
