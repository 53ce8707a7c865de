import type { ReportItem } from '../../../shared/messages/reports.js';

/** An item as it will be sent; texts are kept so that each is made once. */
export interface QueuedItem {
  readonly type: ReportItem['type'];
  readonly json: string;
  /** Length of the text in UTF-8. */
  readonly bytes: number;
  /** May be left out when memory runs short; the lowest first. Undefined: never. */
  readonly expendable: number | undefined;
}

/** A message holds at most so many items. */
const mostItems = 500;

/** What was left out since it was last asked. */
export interface LeftOut {
  readonly pictures: number;
  readonly lines: number;
}

/**
 * Report items in order. When they take more than `mostBytes`, pictures are left out, then debug and info lines, oldest
 * first; metrics, warnings and results never.
 */
export class ReportQueue {
  private items: QueuedItem[] = [];
  private bytes = 0;
  private leftOut = { pictures: 0, lines: 0 };

  constructor(private readonly mostBytes: number) {}

  /** Memory that the items take. */
  get waitingBytes(): number {
    return this.bytes;
  }

  get size(): number {
    return this.items.length;
  }

  push(item: ReportItem): void {
    const queued = queuedItem(item);
    this.items.push(queued);
    this.bytes += queued.bytes;
    while (this.bytes > this.mostBytes && this.leaveOutOne());
  }

  /** Takes the next items that fit together into so many bytes, with commas between them; at least one if there is any. */
  take(bytes: number): QueuedItem[] {
    let count = 0;
    for (let sum = 0; count < Math.min(this.items.length, mostItems); count += 1) {
      sum += (this.items[count]?.bytes ?? 0) + 1;
      if (count > 0 && sum > bytes) break;
    }
    const taken = this.items.splice(0, count);
    for (const item of taken) this.bytes -= item.bytes;
    return taken;
  }

  /** Puts items before all others: those that were taken, or one that cannot wait for its turn. */
  putBack(items: readonly QueuedItem[]): void {
    this.items.unshift(...items);
    for (const item of items) this.bytes += item.bytes;
  }

  clear(): void {
    this.items = [];
    this.bytes = 0;
  }

  /** What was left out since the last call; undefined for nothing. */
  takeLeftOut(): LeftOut | undefined {
    const { leftOut } = this;
    if (leftOut.pictures + leftOut.lines === 0) return undefined;
    this.leftOut = { pictures: 0, lines: 0 };
    return leftOut;
  }

  private leaveOutOne(): boolean {
    for (const rank of [0, 1]) {
      const index = this.items.findIndex(({ expendable }) => expendable === rank);
      if (index < 0) continue;
      const [item] = this.items.splice(index, 1);
      this.bytes -= item?.bytes ?? 0;
      this.leftOut[rank === 0 ? 'pictures' : 'lines'] += 1;
      return true;
    }
    return false;
  }
}

/** An item in the form that waits. */
export function queuedItem(item: ReportItem): QueuedItem {
  const json = JSON.stringify(item);
  return { type: item.type, json, bytes: Buffer.byteLength(json), expendable: expendability(item) };
}

function expendability(item: ReportItem): number | undefined {
  if (item.type === 'picture') return 0;
  const dispensable = item.type === 'log' && item.lines.every(({ level }) => level === 'debug' || level === 'info');
  return dispensable ? 1 : undefined;
}
