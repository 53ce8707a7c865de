export const subsetNames = ['pairs', 'every'] as const;
export type Subsets = (typeof subsetNames)[number];

/** The choices of tasks that an entry of `weightings:` makes a row of each. */
export interface EntryTasks {
  readonly tasks: readonly string[];
  readonly subsets?: Subsets | undefined;
}

/** Number of an entry's rows, without making them. */
export function countRows({ tasks, subsets }: EntryTasks): number {
  const count = tasks.length;
  if (subsets === undefined) return 1;
  return subsets === 'pairs' ? (count * (count - 1)) / 2 : 2 ** count - 1 - count;
}

/** The tasks of each of an entry's rows: the smallest choices first, in the order of the tasks. */
export function taskChoices({ tasks, subsets }: EntryTasks): string[][] {
  if (subsets === undefined) return [[...tasks]];
  const sizes = subsets === 'pairs' ? [2] : tasks.slice(1).map((_, index) => index + 2);
  return sizes.flatMap((size) => choicesOf(tasks, size));
}

function choicesOf(tasks: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return tasks.flatMap((task, index) => choicesOf(tasks.slice(index + 1), size - 1).map((rest) => [task, ...rest]));
}
