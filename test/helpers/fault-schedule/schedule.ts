import { randomSource } from '../random-spec.js';

/** What a fault hits: each worker and coordinator by its number, the servers, or what they hold. */
export const faultKinds = {
  'worker-kill': { target: 'worker', weight: 4, holdMs: [100, 1500] },
  'worker-pause': { target: 'worker', weight: 4, holdMs: [300, 8000] },
  'worker-term': { target: 'worker', weight: 3, holdMs: [0, 500] },
  'worker-cut': { target: 'worker', weight: 3, holdMs: [0, 0] },
  'worker-half-open': { target: 'worker', weight: 2, holdMs: [500, 6000] },
  'coordinator-kill': { target: 'coordinator', weight: 4, holdMs: [100, 2000] },
  'coordinator-pause': { target: 'coordinator', weight: 3, holdMs: [300, 12_000] },
  'coordinator-term': { target: 'coordinator', weight: 2, holdMs: [0, 500] },
  'coordinator-nats-cut': { target: 'coordinator', weight: 2, holdMs: [0, 0] },
  'coordinator-nats-half-open': { target: 'coordinator', weight: 2, holdMs: [500, 5000] },
  'coordinator-postgres-cut': { target: 'coordinator', weight: 3, holdMs: [0, 0] },
  'coordinator-postgres-half-open': { target: 'coordinator', weight: 2, holdMs: [500, 6000] },
  'nats-kill': { target: 'nats', weight: 4, holdMs: [0, 1500] },
  'nats-pause': { target: 'nats', weight: 2, holdMs: [300, 3000] },
  'postgres-kill': { target: 'postgres', weight: 2, holdMs: [0, 2500] },
  'postgres-stop': { target: 'postgres', weight: 2, holdMs: [0, 2500] },
  'trials-deleted': { target: 'nats', weight: 1, holdMs: [0, 0] },
  'reports-deleted': { target: 'nats', weight: 1, holdMs: [0, 0] },
  'consumers-deleted': { target: 'nats', weight: 1, holdMs: [0, 0] },
  garbage: { target: 'messages', weight: 3, holdMs: [0, 0] },
  'forged-reports': { target: 'messages', weight: 3, holdMs: [0, 0] },
  cancel: { target: 'messages', weight: 2, holdMs: [0, 0] },
} as const satisfies Record<string, FaultShape>;

interface FaultShape {
  readonly target: 'worker' | 'coordinator' | 'nats' | 'postgres' | 'messages';
  /** How often it comes, beside the others. */
  readonly weight: number;
  /** How long it lasts, from … to, in milliseconds. */
  readonly holdMs: readonly [number, number];
}

export type FaultKind = keyof typeof faultKinds;

/** One fault of a schedule. */
export interface ScheduledFault {
  /** After the schedule's begin, in milliseconds. */
  readonly atMs: number;
  readonly kind: FaultKind;
  /** Number of the worker or coordinator; 0 for what there is once. */
  readonly target: number;
  readonly holdMs: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly faults: number;
  readonly durationMs: number;
  readonly workers: number;
  readonly coordinators: number;
}

/** What was hit is left alone for so long after its fault has ended, so that it gets to work at all, in milliseconds. */
const restMs = 700;

const kinds = Object.keys(faultKinds) as FaultKind[];

function shuffled<Item>(random: () => number, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

function drawKind(random: () => number): FaultKind {
  let left = random() * kinds.reduce((sum, kind) => sum + faultKinds[kind].weight, 0);
  return kinds.find((kind) => (left -= faultKinds[kind].weight) < 0) ?? 'garbage';
}

/**
 * Plans faults that follow from a seed: each kind once as long as there is room, then by weight; at random moments spread
 * over the time; on targets that no other fault holds. Faults on different targets overlap.
 * @returns in the order of their times
 */
export function planFaults({ seed, faults, durationMs, workers, coordinators }: ScheduleOptions): ScheduledFault[] {
  const random = randomSource(seed);
  const counts = { worker: workers, coordinator: coordinators, nats: 1, postgres: 1, messages: 1 } as const;
  const drawn = Array.from({ length: Math.max(0, faults - kinds.length) }, () => drawKind(random));
  const wanted = shuffled(random, [...shuffled(random, kinds).slice(0, faults), ...drawn]);
  const times = wanted.map(() => random() * durationMs).sort((a, b) => a - b);
  const freeAt = new Map<string, number>();
  return wanted
    .map((kind, index): ScheduledFault => {
      const { target: what, holdMs: range } = faultKinds[kind];
      const holdMs = Math.round(range[0] + random() * (range[1] - range[0]));
      const earliest = times[index] ?? 0;
      const free = Array.from({ length: counts[what] }, (_, target) => ({
        target,
        atMs: Math.max(earliest, freeAt.get(`${what} ${target}`) ?? 0),
      }));
      const [first] = shuffled(random, free).sort((a, b) => a.atMs - b.atMs);
      const { target, atMs } = first ?? { target: 0, atMs: earliest };
      freeAt.set(`${what} ${target}`, atMs + holdMs + restMs);
      return { atMs: Math.round(atMs), kind, target, holdMs };
    })
    .sort((a, b) => a.atMs - b.atMs);
}
