import * as tf from '@tensorflow/tfjs-core';
import type { PartState } from '../part-state.js';
import { CheckpointError } from './errors.js';
import type { Block, BlockValues } from './format.js';

/** Blocks of variables and of numbers on the host, told apart by their names. */
const onDevice = 'device/';
const onHost = 'host/';

/** Reads a state back from device and host. */
export async function blocksOf(state: PartState): Promise<Map<string, Block>> {
  const variables = await Promise.all(
    Object.entries(state.variables ?? {}).map(async ([name, variable]): Promise<[string, Block]> => {
      const values = await variable.data();
      return [`${onDevice}${name}`, { shape: variable.shape, values: values as BlockValues }];
    }),
  );
  const numbers = Object.entries(state.numbers ?? {}).map(([name, cell]): [string, Block] => {
    const values = Float64Array.from(cell.read());
    return [`${onHost}${name}`, { shape: [values.length], values }];
  });
  return new Map([...variables, ...numbers]);
}

/**
 * Puts a state back as `blocksOf` read it. Blocks that the state does not want are passed over.
 * @throws CheckpointError CHECKPOINT_MISMATCH that names what is missing and what has another shape; nothing is changed
 *   then
 */
export function restoreBlocks(state: PartState, blocks: ReadonlyMap<string, Block>): void {
  const faults: string[] = [];
  const find = (name: string): Block | undefined => {
    const block = blocks.get(name);
    if (block === undefined) faults.push(`${name} is missing`);
    return block;
  };
  const writes: (() => void)[] = [];
  for (const [name, variable] of Object.entries(state.variables ?? {})) {
    const block = find(`${onDevice}${name}`);
    if (block === undefined) continue;
    if (!sameShape(block.shape, variable.shape)) {
      faults.push(`${name} is [${block.shape.join(', ')}] there and [${variable.shape.join(', ')}] here`);
    }
    writes.push(() => assign(variable, block));
  }
  for (const [name, cell] of Object.entries(state.numbers ?? {})) {
    const block = find(`${onHost}${name}`);
    if (block !== undefined) writes.push(() => cell.write(Array.from(block.values)));
  }
  if (faults.length > 0) throw mismatch(faults);
  for (const write of writes) write();
}

/** The block of a network's variable in a trial's checkpoint. */
export function networkBlock(name: string): string {
  return `${onDevice}model/${name}`;
}

/**
 * Gives some of a network's variables the values that they have in a checkpoint, for a trial that starts from another
 * one's network; the rest stay as they are.
 * @param state the network's, see `Model.state`
 * @param blocks of the checkpoint's content
 * @param wanted which variables, by name; the whole network if left out
 * @returns names of the variables that were set
 * @throws CheckpointError CHECKPOINT_MISMATCH when one of them is not in the checkpoint, or has another shape there
 */
export function restoreNetwork(
  state: PartState,
  blocks: ReadonlyMap<string, Block>,
  wanted: (name: string) => boolean = () => true,
): string[] {
  const prefix = networkBlock('');
  const variables = Object.fromEntries(Object.entries(state.variables ?? {}).filter(([name]) => wanted(name)));
  const own = [...blocks].flatMap(([name, block]): [string, Block][] =>
    name.startsWith(prefix) ? [[`${onDevice}${name.slice(prefix.length)}`, block]] : [],
  );
  restoreBlocks({ variables }, new Map(own));
  return Object.keys(variables);
}

function assign(variable: tf.Variable, { values, shape }: Block): void {
  // A copy: a backend may go on with the array that it is given, and these are views of the whole file.
  const copy = values instanceof Int32Array ? Int32Array.from(values) : Float32Array.from(values);
  tf.tidy(() => variable.assign(tf.tensor(copy, [...shape], variable.dtype)));
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

const mostNamed = 5;

function mismatch(faults: readonly string[]): CheckpointError {
  const named = faults.slice(0, mostNamed).join('; ');
  const more = faults.length > mostNamed ? `; and ${faults.length - mostNamed} more` : '';
  return new CheckpointError(
    'CHECKPOINT_MISMATCH',
    `The checkpoint does not fit: ${named}${more}`,
    'It is of another architecture, of other sizes or of other tasks.',
  );
}
