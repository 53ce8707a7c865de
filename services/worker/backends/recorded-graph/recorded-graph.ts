import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { RecordableBackend } from './binding.js';
import type { Recorded } from './record.js';
import { graphTag, outputName, placeholderName, savedModelOf } from './saved-model.js';

/**
 * A recorded function as a graph that TensorFlow runs in one call. What it costs the eager runtime is saved: a call from
 * JavaScript, an allocation and a dispatch for each operation; and TensorFlow's graph optimiser puts operations together.
 */
export class RecordedGraph {
  private readonly id: number;
  private readonly placeholders: string;
  private readonly outputs: string;
  private readonly resultCount: number;

  /** @throws Error when TensorFlow refuses the graph */
  constructor(
    private readonly backend: RecordableBackend,
    private readonly recorded: Recorded,
  ) {
    const { recording, results } = recorded;
    this.placeholders = recording.placeholders.map((_, index) => placeholderName(index)).join(',');
    this.outputs = recording.outputs.map((_, index) => outputName(index)).join(',');
    this.resultCount = results.length;
    const folder = mkdtempSync(join(tmpdir(), 'sigmasweep-graph-'));
    try {
      mkdirSync(join(folder, 'variables'));
      writeFileSync(join(folder, 'saved_model.pb'), savedModelOf(recording, backend.binding));
      // A list of tags that ends with a comma: the binding takes the text behind the last one for none.
      this.id = backend.binding.loadSavedModel(folder, `${graphTag},`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /**
   * What the function would give for these inputs and the variables' present values. Assigns nothing yet.
   * @param inputs of the recorded shapes
   * @returns its results, and the new values of the variables in `recorded.assigned`
   */
  run(inputs: readonly tf.Tensor[]): { results: tf.Tensor[]; assigned: tf.Tensor[] } {
    const ids = this.backend.getInputTensorIds([...inputs, ...this.recorded.read]);
    const outputs = this.backend.binding.runSavedModel(this.id, ids, this.placeholders, this.outputs);
    const tensors = outputs.map((output) => this.backend.createOutputTensor(output));
    return { results: tensors.slice(0, this.resultCount), assigned: tensors.slice(this.resultCount) };
  }

  dispose(): void {
    this.backend.binding.deleteSavedModel(this.id);
  }
}

/** The backend in use, where it can record: native TensorFlow on a processor. */
export function recordableBackend(): RecordableBackend | undefined {
  const backend = tf.backend() as unknown as Partial<RecordableBackend>;
  // A graph is given its inputs, and gives its results, in the processor's memory.
  const records = backend.binding !== undefined && backend.isGPUPackage === false;
  return records ? (backend as RecordableBackend) : undefined;
}
