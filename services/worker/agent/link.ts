import { Events, type NatsConnection } from 'nats';
import type { Logger } from '../../shared/log.js';

/**
 * The worker's connection, and whether the server is there right now. What is published while it is away is sent by the
 * client library after the reconnection, long after its sender gave up; so the agent waits before it sends instead.
 */
export class NatsLink {
  private isConnected = true;
  private readonly waiting = new Set<() => void>();

  constructor(
    readonly connection: NatsConnection,
    private readonly logger: Logger,
  ) {
    void this.watch();
  }

  get connected(): boolean {
    return this.isConnected && !this.connection.isClosed();
  }

  /** Resolves once the server is there, or when the signal is aborted. */
  async whenConnected(signal: AbortSignal): Promise<void> {
    while (!this.connected && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        this.waiting.add(done);
        signal.addEventListener('abort', done);
      });
    }
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === Events.Disconnect) {
        this.isConnected = false;
        this.logger.warn('NATS is away; training goes on and reports wait');
      } else if (type === Events.Reconnect) {
        this.isConnected = true;
        this.logger.info('NATS is back');
        for (const wake of [...this.waiting]) wake();
      }
    }
  }
}
