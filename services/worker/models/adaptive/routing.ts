import type { HostNumbers } from '../../trainer/part-state.js';
import type { Branch } from './grouping.js';

/**
 * Which copy of each block a task goes through, and which block is to be branched next. At first all tasks go through
 * copy 0 of every block, and the last block is next; after the first it is −1.
 */
export class Routing {
  private readonly copies: number[][];
  private next: number;

  constructor(
    private readonly blocks: number,
    private readonly tasks: number,
  ) {
    this.copies = Array.from({ length: blocks }, () => new Array<number>(tasks).fill(0));
    this.next = blocks - 1;
  }

  copyOf(block: number, task: number): number {
    return this.copies[block]?.[task] ?? 0;
  }

  /** The copies of a block that some task goes through. */
  copiesOf(block: number): number[] {
    return [...new Set(this.copies[block])];
  }

  /** The block that is to be branched next; undefined when all have been looked at, or none can be branched any more. */
  get junction(): number | undefined {
    return this.next < 0 ? undefined : this.next;
  }

  /** What meets at the junction: the tasks of each copy of the block behind it; behind the last block, the tasks' heads. */
  branches(): Branch[] {
    if (this.next === this.blocks - 1) return Array.from({ length: this.tasks }, (_, task) => [task]);
    const behind = this.next + 1;
    return this.copiesOf(behind).map((copy) =>
      Array.from({ length: this.tasks }, (_, task) => task).filter((task) => this.copyOf(behind, task) === copy),
    );
  }

  /**
   * Gives each group of branches a copy of the junction's block, that of its first task, and moves the junction on. With
   * one group the blocks before it stay shared by all, so that there is nothing more to branch.
   * @param groups of places in `branches()`
   * @returns the copies that are new, each to be made of copy 0
   */
  branch(groups: readonly (readonly number[])[]): number[] {
    const block = this.next;
    const branches = this.branches();
    const made: number[] = [];
    for (const group of groups) {
      const tasks = group.flatMap((place) => branches[place] ?? []);
      const copy = Math.min(...tasks);
      for (const task of tasks) (this.copies[block] as number[])[task] = copy;
      if (copy !== 0) made.push(copy);
    }
    this.next = groups.length === 1 ? -1 : block - 1;
    return made;
  }

  /** For checkpoints: the next block, then the copies, block after block. */
  get numbers(): HostNumbers {
    return {
      read: () => [this.next, ...this.copies.flat()],
      write: ([next = -1, ...flat]) => {
        this.next = next;
        flat.forEach((copy, place) => {
          (this.copies[Math.floor(place / this.tasks)] as number[])[place % this.tasks] = copy;
        });
      },
    };
  }
}
