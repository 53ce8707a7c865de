/** Branches of a network by the tasks that they serve. */
export type Branch = readonly number[];

export interface GroupingCosts {
  /** Of each branch beyond the first at the layer, relative to the separation cost. */
  readonly branch: number;
}

/**
 * How alike two tasks are: the share of samples that are hard for both or easy for both, a sample being hard for a task
 * when its loss is at least the task's mean (Lu et al. 2017, section 3.2, the loss in place of the error margin).
 * @param losses by task and then by sample
 * @returns tasks × tasks, 1 on the diagonal
 */
export function taskAffinities(losses: readonly (readonly number[])[]): number[][] {
  const hard = losses.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    return row.map((value) => value >= mean);
  });
  return hard.map((one) =>
    hard.map((other) => one.filter((value, sample) => value === other[sample]).length / one.length),
  );
}

/** Affinities of branches: of each task in one, that to the least alike in the other, averaged, both ways. */
export function branchAffinities(affinities: readonly (readonly number[])[], branches: readonly Branch[]): number[][] {
  const between = (one: number, other: number): number => affinities[one]?.[other] ?? Number.NaN;
  const oneWay = (from: Branch, to: Branch): number =>
    mean(from.map((task) => Math.min(...to.map((other) => between(task, other)))));
  return branches.map((one, row) =>
    branches.map((other, column) => (row === column ? 1 : (oneWay(one, other) + oneWay(other, one)) / 2)),
  );
}

/** What is lost by serving a group's branches together: 1 − mean over its branches of the affinity to the least alike. */
export function separationCost(
  affinities: readonly (readonly number[])[],
  groups: readonly (readonly number[])[],
): number {
  const within = (group: readonly number[]): number =>
    1 - mean(group.map((one) => Math.min(...group.map((other) => affinities[one]?.[other] ?? Number.NaN))));
  return mean(groups.map(within));
}

/**
 * The grouping of branches that costs the least, (d − 1)·branch + separation for d groups (Lu et al. 2017, section 3.2).
 * All groupings are looked at; of equal ones the first with the fewest groups is taken.
 * @param affinities of the branches
 * @returns the places of the branches in each group, in order of their first
 */
export function cheapestGrouping(affinities: readonly (readonly number[])[], { branch }: GroupingCosts): number[][] {
  let best: { groups: number[][]; cost: number } | undefined;
  for (const groups of partitions(affinities.length)) {
    const cost = (groups.length - 1) * branch + separationCost(affinities, groups);
    if (
      best === undefined ||
      cost < best.cost - 1e-12 ||
      (cost < best.cost + 1e-12 && groups.length < best.groups.length)
    ) {
      best = { groups, cost };
    }
  }
  return best?.groups ?? [];
}

/** Every way to put things into groups; of 8 things there are 4,140. */
function* partitions(count: number): Generator<number[][]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const rest of partitions(count - 1)) {
    const last = count - 1;
    for (let place = 0; place < rest.length; place += 1) {
      yield rest.map((group, index) => (index === place ? [...group, last] : [...group]));
    }
    yield [...rest.map((group) => [...group]), [last]];
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
