import * as tf from '@tensorflow/tfjs-core';
import type { NativeBinding, RecordableBackend, TypedValues } from './binding.js';
import type { Constant, Operation, Recording, Source, TensorType } from './recording.js';

/** Why something that was run could not be recorded. */
export class NotRecordable extends Error {}

/** A function's run, recorded. */
export interface Recorded {
  readonly recording: Recording;
  /** What the function gave; of the scope that `record` was called in. */
  readonly results: readonly tf.Tensor[];
  /** Of the placeholders after those for the inputs: variables that it read. */
  readonly read: readonly tf.Variable[];
  /** Of the outputs after those for the results: variables that it assigned, which now have their new values. */
  readonly assigned: readonly tf.Variable[];
}

/**
 * Runs a function once and writes down what the native library was asked to do meanwhile. What the function computes on
 * the host, numbers that it makes tensors of included, is thereby part of the recording for good: it must depend on
 * nothing but the inputs and TensorFlow.js's variables.
 * @param inputs of the function, which differ from run to run
 * @throws NotRecordable when it reads from the device, or what `run` throws
 */
export function record(backend: RecordableBackend, inputs: readonly tf.Tensor[], run: () => tf.Tensor[]): Recorded {
  const recorder = new Recorder(backend, inputs);
  const { binding } = backend;
  const idsOf = backend.getInputTensorIds.bind(backend);
  let results: tf.Tensor[];
  backend.binding = recorder.binding();
  backend.getInputTensorIds = (tensors) => recorder.seen(tensors, idsOf(tensors));
  try {
    results = run();
  } finally {
    backend.binding = binding;
    // The method of its class again.
    delete (backend as Partial<RecordableBackend>).getInputTensorIds;
  }
  return recorder.finish(results);
}

class Recorder {
  private readonly sources = new Map<number, Source>();
  private readonly types = new Map<number, TensorType>();
  private readonly placeholders: TensorType[] = [];
  private readonly constants: Constant[] = [];
  private readonly operations: Operation[] = [];
  private readonly variables: ReadonlyMap<number, tf.Variable>;
  private readonly idsBefore: ReadonlyMap<tf.Variable, number>;
  private readonly read: tf.Variable[] = [];
  /** Without the ear. */
  private readonly native: NativeBinding;

  constructor(
    private readonly backend: RecordableBackend,
    inputs: readonly tf.Tensor[],
  ) {
    this.native = backend.binding;
    for (const input of inputs) this.place(this.idOf(input), this.typeOf(input));
    const variables = Object.values(tf.engine().registeredVariables);
    this.idsBefore = new Map(variables.map((variable) => [variable, this.idOf(variable)]));
    this.variables = new Map([...this.idsBefore].map(([variable, id]) => [id, variable]));
  }

  /** The native library's own, with an ear to it. */
  binding(): NativeBinding {
    const binding = this.native;
    const listening: Partial<NativeBinding> = {
      executeOp: (name, attributes, inputs, count) => {
        const outputs = binding.executeOp(name, attributes, inputs, count);
        const operation = this.operations.length;
        this.operations.push({
          name,
          attributes: attributes.map((attribute) => ({ ...attribute })),
          inputs: inputs.map((id) => this.sourceOf(id)),
          inputTypes: inputs.map((id) => this.typeOfId(id).dtype),
        });
        outputs.forEach(({ id, shape, dtype }, output) => {
          this.sources.set(id, { from: 'operation', operation, output });
          this.types.set(id, { shape, dtype });
        });
        return outputs;
      },
      createTensor: (shape, dtype, values) => {
        const id = binding.createTensor(shape, dtype, values);
        this.hold(id, { shape: [...shape], dtype }, values);
        return id;
      },
      tensorDataSync: () => {
        throw new NotRecordable('it reads from the device');
      },
    };
    // The binding's own properties cannot be changed.
    const own = Object.entries(listening).map(([name, value]): [string, PropertyDescriptor] => [name, { value }]);
    return Object.create(binding, Object.fromEntries(own)) as NativeBinding;
  }

  /** Notes the types of tensors that are about to be used. */
  seen(tensors: readonly tf.TensorInfo[], ids: number[]): number[] {
    tensors.forEach((tensor, index) => {
      const id = ids[index] as number;
      // A scalar of 64 bits is no tensor of TensorFlow.js; it has been held when it was made.
      if (!this.types.has(id)) this.types.set(id, this.typeOf(tensor));
    });
    return ids;
  }

  finish(results: readonly tf.Tensor[]): Recorded {
    const assigned = [...this.idsBefore].filter(([variable, id]) => this.idOf(variable) !== id);
    const outputs = [...results, ...assigned.map(([variable]) => variable)].map((tensor) => {
      const id = this.idOf(tensor);
      this.seen([tensor], [id]);
      return { ...this.sourceOf(id), dtype: this.typeOfId(id).dtype };
    });
    const { placeholders, constants, operations, read } = this;
    return {
      recording: { placeholders, constants, operations, outputs },
      results,
      read,
      assigned: assigned.map(([variable]) => variable),
    };
  }

  /** A variable becomes a placeholder when it is first used, and any other tensor from outside a constant. */
  private sourceOf(id: number): Source {
    const known = this.sources.get(id);
    if (known !== undefined) return known;
    const variable = this.variables.get(id);
    if (variable !== undefined) {
      this.read.push(variable);
      return this.place(id, this.typeOf(variable));
    }
    return this.hold(id, this.typeOfId(id), this.native.tensorDataSync(id));
  }

  private place(id: number, type: TensorType): Source {
    const source: Source = { from: 'placeholder', index: this.placeholders.length };
    this.placeholders.push(type);
    this.sources.set(id, source);
    this.types.set(id, type);
    return source;
  }

  private hold(id: number, type: TensorType, values: TypedValues): Source {
    const source: Source = { from: 'constant', index: this.constants.length };
    const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.constants.push({ ...type, content });
    this.sources.set(id, source);
    this.types.set(id, type);
    return source;
  }

  private typeOfId(id: number): TensorType {
    const type = this.types.get(id);
    if (type === undefined) throw new NotRecordable(`the tensor ${id} is of an unknown type`);
    return type;
  }

  private typeOf({ dtype, shape }: tf.TensorInfo): TensorType {
    const { TF_FLOAT, TF_INT32, TF_BOOL } = this.native;
    const known: Partial<Record<tf.DataType, number>> = { float32: TF_FLOAT, int32: TF_INT32, bool: TF_BOOL };
    const type = known[dtype];
    if (type === undefined) throw new NotRecordable(`it has a tensor of ${dtype}`);
    return { dtype: type, shape: [...shape] };
  }

  private idOf(tensor: tf.Tensor): number {
    return this.backend.getInputTensorIds([tensor])[0] as number;
  }
}
