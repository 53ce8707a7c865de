import { Events, type NatsConnection } from 'nats';

export interface ConnectionWatch {
  isUp(): boolean;
  /** For how long the connection has been up without a break, in milliseconds; 0 while it is down. */
  upForMs(): number;
}

/**
 * Watches a NATS connection until it is closed.
 * @param onReconnect called when the connection is up again
 */
export function watchConnection(connection: NatsConnection, onReconnect: () => void): ConnectionWatch {
  let upSince: number | undefined = performance.now();
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === Events.Disconnect) upSince = undefined;
      if (type === Events.Reconnect) {
        upSince = performance.now();
        onReconnect();
      }
    }
  })();
  return {
    isUp: () => upSince !== undefined,
    upForMs: () => (upSince === undefined ? 0 : performance.now() - upSince),
  };
}
