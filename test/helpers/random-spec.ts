/** Numbers in [0, 1) that follow from a seed (mulberry32), so that a failing random test fails again. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = () => number;

const whole = (random: Random, from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
const oneOf = <Item>(random: Random, items: readonly Item[]): Item => items[whole(random, 0, items.length - 1)] as Item;
const several = <Item>(random: Random, items: readonly Item[], least: number): Item[] => {
  const shuffled = items.map((item) => ({ item, order: random() })).sort((a, b) => a.order - b.order);
  return shuffled.slice(0, whole(random, least, items.length)).map(({ item }) => item);
};

const architectures = [
  { name: 'hard-sharing' },
  { name: 'hard-sharing', encoder: { name: 'resnet' } },
  { name: 'cross-stitch' },
  { name: 'cross-stitch', own: 1, head: 8, label: 'separate networks' },
];

/** A valid spec as a person could write it: any form of grid, few different weights so that rows repeat. */
export function randomSpec(seed: number): Record<string, unknown> {
  const random = randomSource(seed);
  const tasks = several(random, ['semantic', 'instance', 'depth'], 1);
  const weight = (): number => oneOf(random, [0, 0, 0.1, 0.5, 1, 2]);
  const point = (): Record<string, number> => {
    const weights = Object.fromEntries(several(random, tasks, 1).map((task) => [task, weight()]));
    return { ...weights, [oneOf(random, tasks)]: oneOf(random, [0.5, 1]) };
  };
  const axis = (): number[] => Array.from({ length: whole(random, 1, 4) }, weight);
  const steps = whole(random, tasks.length, 8);
  const grids: (() => unknown)[] = [
    () => undefined,
    () => ({ points: Array.from({ length: whole(random, 1, 8) }, point) }),
    () => ({
      values: {
        ...Object.fromEntries(several(random, tasks, 1).map((task) => [task, axis()])),
        [oneOf(random, tasks)]: [...axis(), 1],
      },
    }),
    () => ({ simplex: { step: 1 / steps, corners: random() < 0.5 } }),
  ];
  const weighting = (): object => {
    const kind = whole(random, 0, 3);
    if (kind === 0) return { method: 'fixed', weights: point() };
    if (kind === 1) return { method: 'equal', tasks: several(random, tasks, 1) };
    if (tasks.length === 1) return { method: 'equal', label: `row ${whole(random, 1, 9)}` };
    const options = { tasks: several(random, tasks, 2), regression: oneOf(random, ['absolute', 'squared']) };
    return { method: 'uncertainty', ...(kind === 2 ? {} : options) };
  };
  const grid = oneOf(random, grids)();
  const weightings = Array.from({ length: whole(random, 0, 5) }, weighting);
  return {
    name: `random ${seed}`,
    workload: 'street-scenes',
    tasks,
    ...(grid === undefined ? {} : { grid }),
    weightings,
    baselines: random() < 0.5 || (grid === undefined && weightings.length === 0),
    seeds: several(random, [1, 2, 3, 17], 1),
    epochs: whole(random, 1, 20),
    ...(random() < 0.3 ? { models: several(random, architectures, 1) } : {}),
    ...(random() < 0.5 ? { optimizer: { name: oneOf(random, ['adam', 'sgd']), learningRate: 0.01 } } : {}),
    ...(random() < 0.5 ? { data: { train: whole(random, 1, 50) } } : {}),
    ...(random() < 0.5 ? { quick: { epochs: 1, data: { test: 5 } } } : {}),
  };
}
