/**
 * What must not compile in a workload, and what must: `tsc --noEmit`, which every test run begins with, refuses a line
 * without a fault under `@ts-expect-error`, and any other fault. Nothing here is run.
 */
import { defineWorkload, mean, z } from 'sigmasweep/workload';

const tasks = {
  size: { kind: 'regression' },
  colour: { kind: 'classification', classes: ['red', 'blue'] },
  parts: { kind: 'multi-label', labels: ['wheel', 'door'] },
} as const;
const input = { features: 2 } as const;
const right = { input: [0, 1], targets: { size: 3, colour: 'red', parts: ['door'] } } as const;
const allOf = <One>(sample: One) => ({ train: [sample], validation: [sample], test: [sample] });

export const complete = defineWorkload({
  name: 'complete',
  tasks,
  options: z.strictObject({ rows: z.int().default(3) }),
  model: { name: 'hard-sharing', encoder: { name: 'dense', channels: [16] } },
  metrics: {
    size: { near: { better: 'higher', sum: mean(({ prediction, target }) => (prediction - target < 1 ? 1 : 0)) } },
    colour: { sure: { better: 'higher', sum: mean(({ prediction, target }) => prediction[target]) } },
  },
  data: ({ rows }) => ({ input, splits: allOf({ ...right, input: [rows, 1] }) }),
});

export const unknownTargets = defineWorkload({
  name: 'unknown-targets',
  tasks,
  data: () => ({
    input,
    splits: allOf({ input: [0, 1], targets: { size: undefined, colour: undefined, parts: undefined } }),
  }),
});

// @ts-expect-error a kind that there is none of
export const kind = defineWorkload({ name: 'x', tasks: { size: { kind: 'regresion' } }, data: () => never() });

export const classless = defineWorkload({
  name: 'x',
  // @ts-expect-error a classification without its classes
  tasks: { colour: { kind: 'classification' } },
  data: () => never(),
});

export const oneClass = defineWorkload({
  name: 'x',
  // @ts-expect-error a classification of one class
  tasks: { colour: { kind: 'classification', classes: ['red'] } },
  data: () => never(),
});

export const forgotten = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error a sample without the target of a task
  data: () => ({ input, splits: allOf({ input: [0, 1], targets: { size: 3, colour: 'red' } as const }) }),
});

export const unknownClass = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error a class that was not declared
  data: () => ({ input, splits: allOf({ ...right, targets: { ...right.targets, colour: 'green' as const } }) }),
});

export const wrongForm = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error a text where a number is to be predicted
  data: () => ({ input, splits: allOf({ ...right, targets: { ...right.targets, size: '3' } }) }),
});

export const noTest = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error no test split
  data: () => ({ input, splits: { train: [right], validation: [right] } }),
});

export const sizeless = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error a picture whose width is not said
  data: () => ({ input: { height: 8, channels: 3, numbers: 'bytes' } as const, splits: allOf(right) }),
});

export const strangeMetric = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error a metric of a task that there is none of
  metrics: { weight: { near: { better: 'higher', sum: mean(() => 1) } } },
  data: () => ({ input, splits: allOf(right) }),
});

export const undirectedMetric = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error a metric that does not say which values are better
  metrics: { size: { near: { sum: mean(() => 1) } } },
  data: () => ({ input, splits: allOf(right) }),
});

export const misreadMetric = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error the prediction of a regression is one number
  metrics: { size: { near: { better: 'higher', sum: mean(({ prediction }) => Number(prediction[0])) } } },
  data: () => ({ input, splits: allOf(right) }),
});

export const unknownOption = defineWorkload({
  name: 'x',
  tasks,
  options: z.strictObject({ rows: z.int() }),
  // @ts-expect-error an option that was not declared
  data: ({ columns }) => ({ input, splits: allOf({ ...right, input: [columns, 1] }) }),
});

export const unknownEncoder = defineWorkload({
  name: 'x',
  tasks,
  // @ts-expect-error an encoder that there is none of
  model: { name: 'hard-sharing', encoder: { name: 'transformer' } },
  data: () => ({ input, splits: allOf(right) }),
});

function never(): never {
  throw new Error('nothing here is run');
}
