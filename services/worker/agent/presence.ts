import { protocolVersion } from '../../shared/messages/common.js';
import type { WorkerPresence } from '../../shared/messages/workers.js';
import { subjects } from '../../shared/nats-names.js';
import type { NatsLink } from './link.js';

/** What stays the same while a worker lives. */
export type WorkerFacts = Omit<WorkerPresence, 'v' | 'trials' | 'state'>;

/** Says every few seconds, and at every change, that this worker is here and what it trains. */
export class Presence {
  private state: WorkerPresence['state'] = 'running';
  private timer: NodeJS.Timeout | undefined;

  /** @param trials the trials that are being trained now */
  constructor(
    private readonly link: NatsLink,
    private readonly facts: WorkerFacts,
    private readonly trials: () => string[],
    private readonly everyMs = 5000,
  ) {}

  start(): void {
    this.timer = setInterval(this.announce, this.everyMs);
    this.announce();
  }

  /** Says it now. Without a server nobody is told: what is said later would be old by then. */
  readonly announce = (): void => {
    if (!this.link.connected) return;
    const presence: WorkerPresence = { v: protocolVersion, ...this.facts, trials: this.trials(), state: this.state };
    this.link.connection.publish(subjects.presence, JSON.stringify(presence));
  };

  stopping(): void {
    this.state = 'stopping';
    this.announce();
  }

  gone(): void {
    clearInterval(this.timer);
    this.state = 'gone';
    this.announce();
  }
}
