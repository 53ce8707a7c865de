import * as tf from '@tensorflow/tfjs-core';
import type { RecordableBackend } from '../backends/recorded-graph/binding.js';
import { record, type Recorded } from '../backends/recorded-graph/record.js';
import { recordableBackend, RecordedGraph } from '../backends/recorded-graph/recorded-graph.js';

/** Calls from which on a recording earns back what it costs: TensorFlow takes some 0.2 s to optimise its graph. */
const worthwhileCalls = 40;
/** A graph's first calls are compared with the function's own results: the second has other inputs and variables. */
const comparedCalls = 2;
/** Relative to the largest number of a tensor; a graph may add in another order. */
const tolerance = 1e-4;

interface Replay {
  readonly graph: RecordedGraph;
  readonly assigned: readonly tf.Variable[];
  calls: number;
}

/**
 * A function of tensors that is called over and over. On a backend that can record, it is run from a recording once its
 * first calls have shown that this gives the same; elsewhere, and where it does not, it is simply called.
 *
 * What it gives does not depend on whether, or where, it was interrupted: also the compared calls give the graph's results.
 */
export class RecordedFunction {
  private readonly replays = new Map<string, Replay | 'refused'>();
  private readonly backend: RecordableBackend | undefined = recordableBackend();

  /**
   * @param name for the log, such as "training steps"
   * @param tell takes a line for the log when it is known how the function is run
   */
  constructor(
    private readonly name: string,
    private readonly tell: (line: string) => void,
  ) {}

  /** Whether `run` may record, for so many calls. */
  isWorthwhile(calls: number): boolean {
    return this.backend !== undefined && calls >= worthwhileCalls;
  }

  /**
   * @param inputs what differs from call to call, beside TensorFlow.js's variables
   * @param calls how often inputs of these shapes are expected in all
   * @param body may assign variables, but must not read from the device, and must not depend on anything of the host
   *   that changes
   * @returns what `body` gives, or would give; the same number of tensors each time
   */
  run(inputs: readonly tf.Tensor[], calls: number, body: () => tf.Tensor[]): tf.Tensor[] {
    if (this.backend === undefined || !this.isWorthwhile(calls)) return body();
    const key = inputs.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join();
    const replay = this.replays.get(key);
    if (replay === 'refused') return body();
    if (replay === undefined) return this.begin(this.backend, key, inputs, body);
    replay.calls += 1;
    if (replay.calls <= comparedCalls) return this.compare(key, replay, inputs, body);
    return take(replay, replay.graph.run(inputs));
  }

  dispose(): void {
    for (const replay of this.replays.values()) if (replay !== 'refused') replay.graph.dispose();
    this.replays.clear();
  }

  private begin(
    backend: RecordableBackend,
    key: string,
    inputs: readonly tf.Tensor[],
    body: () => tf.Tensor[],
  ): tf.Tensor[] {
    const before = valuesOfVariables();
    let recorded: Recorded;
    try {
      recorded = record(backend, inputs, body);
    } catch (error) {
      before.restore();
      return this.refuse(key, error, body);
    }
    const own = { results: [...recorded.results], assigned: recorded.assigned.map((variable) => tf.clone(variable)) };
    before.restore();
    try {
      const replay: Replay = { graph: new RecordedGraph(backend, recorded), assigned: recorded.assigned, calls: 1 };
      this.replays.set(key, replay);
      return this.decide(key, replay, own, replay.graph.run(inputs));
    } catch (error) {
      return this.refuse(key, error, () => take({ assigned: recorded.assigned }, own));
    }
  }

  private compare(key: string, replay: Replay, inputs: readonly tf.Tensor[], body: () => tf.Tensor[]): tf.Tensor[] {
    const found = replay.graph.run(inputs);
    const results = body();
    const own = { results, assigned: replay.assigned.map((variable) => tf.clone(variable)) };
    return this.decide(key, replay, own, found);
  }

  private decide(key: string, replay: Replay, own: Outcome, found: Outcome): tf.Tensor[] {
    const difference = largestDifference([...own.results, ...own.assigned], [...found.results, ...found.assigned]);
    if (!(difference <= tolerance)) {
      replay.graph.dispose();
      const error = new Error(`it gives other numbers, off by ${difference.toPrecision(2)} of the largest`);
      return this.refuse(key, error, () => take(replay, own));
    }
    if (replay.calls === comparedCalls) this.tell(`${this.name} run as one TensorFlow graph`);
    tf.dispose([own.results, own.assigned]);
    return take(replay, found);
  }

  private refuse(key: string, error: unknown, instead: () => tf.Tensor[]): tf.Tensor[] {
    this.replays.set(key, 'refused');
    const why = error instanceof Error ? error.message : String(error);
    this.tell(`${this.name} run operation by operation, not as one TensorFlow graph: ${why}`);
    return instead();
  }
}

interface Outcome {
  readonly results: tf.Tensor[];
  readonly assigned: tf.Tensor[];
}

function take({ assigned: variables }: Pick<Replay, 'assigned'>, { results, assigned }: Outcome): tf.Tensor[] {
  variables.forEach((variable, index) => variable.assign(assigned[index] as tf.Tensor));
  return results;
}

/** The values that all variables have now, to be put back. */
function valuesOfVariables(): { restore(): void } {
  const held = Object.values(tf.engine().registeredVariables).map((variable) => ({
    variable,
    value: tf.keep(tf.clone(variable)),
  }));
  return {
    restore: () => {
      for (const { variable, value } of held) {
        if (variable.dataId !== value.dataId) variable.assign(tf.clone(value));
        value.dispose();
      }
    },
  };
}

/** Over all pairs of tensors, relative to the largest number of each; NaN counts as equal to NaN. */
function largestDifference(expected: readonly tf.Tensor[], found: readonly tf.Tensor[]): number {
  if (expected.length !== found.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((largest, tensor, index) => {
    const [own, other] = [tensor.dataSync(), (found[index] as tf.Tensor).dataSync()];
    if (own.length !== other.length) return Number.POSITIVE_INFINITY;
    let [scale, difference] = [Number.MIN_VALUE, 0];
    own.forEach((value, place) => {
      if (Object.is(value, other[place])) return;
      scale = Math.max(scale, Math.abs(value));
      const off = Math.abs(value - (other[place] ?? Number.NaN));
      difference = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(difference, off);
    });
    return Math.max(largest, difference === 0 ? 0 : difference / scale);
  }, 0);
}
