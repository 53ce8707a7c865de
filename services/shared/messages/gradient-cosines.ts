/**
 * The mean cosine of the angle between two tasks' gradients over the steps of an epoch: a `train` metric of the first
 * task of the pair, named after the second. Below 0 the tasks pull against each other.
 */
const cosinePrefix = 'gradientCosine:';

/** So that the whole name stays within what a metric's name may have. */
const longestName = 48;

export function cosineMetric(otherTask: string): string {
  return `${cosinePrefix}${otherTask.slice(0, longestName)}`;
}

/** Every two tasks, the earlier one first. */
export function taskPairs(tasks: readonly string[]): (readonly [string, string])[] {
  return tasks.flatMap((task, place) => tasks.slice(place + 1).map((other) => [task, other] as const));
}
