import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type {
  NativeTensor,
  OpAttributeValue,
  RecordableBackend,
  TypedValues,
} from '../../services/worker/backends/recorded-graph/binding.js';

const require = createRequire(import.meta.url);

/** A tensor of the fake native library. */
interface Held {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly values: TypedValues;
}

/** A node as the package's own decoder of Protocol Buffers gives it, which did not write it. */
interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputList: readonly string[];
  readonly attrMap: readonly (readonly [string, { type?: number; tensor?: Encoded; shape?: EncodedShape }])[];
}

interface EncodedShape {
  readonly dimList: readonly { size: number }[];
}

interface Encoded {
  readonly dtype: number;
  readonly tensorShape?: EncodedShape;
  readonly tensorContent: string;
}

interface Decoder {
  readonly SavedModel: {
    deserializeBinary(content: Uint8Array): {
      toObject(): { metaGraphsList: { metaInfoDef: { tagsList: string[] }; graphDef: { nodeList: GraphNode[] } }[] };
    };
  };
}

const types = {
  TF_FLOAT: 1,
  TF_INT32: 3,
  TF_STRING: 7,
  TF_COMPLEX64: 8,
  TF_INT64: 9,
  TF_BOOL: 10,
  TF_UINT8: 4,
  TF_RESOURCE: 20,
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
} as const;

type Compute = (...inputs: Held[]) => Held;

const elementwise =
  (of: (a: number, b: number) => number): Compute =>
  (a, b = a) => {
    const [long, short] = a.values.length >= b.values.length ? [a, b] : [b, a];
    const at = ({ values }: Held, place: number): number => values[values.length === 1 ? 0 : place] ?? Number.NaN;
    if (short.values.length !== 1 && short.values.length !== long.values.length) throw new Error('unlike shapes');
    const values = Float32Array.from(long.values, (_, place) => of(at(a, place), at(b, place)));
    return { shape: long.shape, dtype: types.TF_FLOAT, values };
  };

const sumOf = (values: TypedValues): number => Array.from(values).reduce((sum, value) => sum + value, 0);

/** What the functions of the tests are made of. */
const operations: Readonly<Record<string, Compute>> = {
  Add: elementwise((a, b) => a + b),
  AddV2: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Square: elementwise((a) => a * a),
  Identity: (x) => x,
  Reshape: (x, shape) => ({ ...x, shape: Array.from(shape.values) }),
  Sum: ({ values }, axes) => {
    if (axes.values.length === 0) throw new Error('the fake sums over all axes only');
    return { shape: [], dtype: types.TF_FLOAT, values: Float32Array.of(sumOf(values)) };
  },
};

/** A native library of few operations, in JavaScript, which reads the graphs it is given from their files. */
export class FakeNativeBinding {
  readonly held = new Map<number, Held>();
  readonly graphs = new Map<number, readonly GraphNode[]>();
  /** Operations that the eager runtime was asked for. */
  executed = 0;
  /** Whether graphs are refused. */
  refuses = false;
  private ids = 0;

  isUsingGpuDevice = (): boolean => false;

  executeOp(name: string, _attributes: readonly OpAttributeValue[], inputs: readonly number[]): NativeTensor[] {
    this.executed += 1;
    const compute = operations[name];
    if (compute === undefined) throw new Error(`the fake has no ${name}`);
    return [this.give(compute(...inputs.map((id) => this.tensor(id))))];
  }

  createTensor(shape: readonly number[], dtype: number, values: TypedValues): number {
    return this.give({ shape: [...shape], dtype, values: values.slice() }).id;
  }

  deleteTensor(id: number): void {
    this.held.delete(id);
  }

  tensorDataSync(id: number): TypedValues {
    return this.tensor(id).values.slice();
  }

  loadSavedModel(folder: string, tags: string): number {
    if (this.refuses) throw new Error('Failed to load SavedModel: no');
    const { SavedModel } = require('@tensorflow/tfjs-node/dist/proto/api_pb.js') as Decoder;
    const { metaGraphsList } = SavedModel.deserializeBinary(readFileSync(join(folder, 'saved_model.pb'))).toObject();
    const graph = metaGraphsList.find(({ metaInfoDef }) => metaInfoDef.tagsList.join() === tags.replace(/,$/, ''));
    if (graph === undefined) throw new Error(`no graph is tagged ${tags}`);
    this.ids += 1;
    this.graphs.set(this.ids, graph.graphDef.nodeList);
    return this.ids;
  }

  deleteSavedModel(id: number): void {
    this.graphs.delete(id);
  }

  runSavedModel(id: number, tensors: readonly number[], inputs: string, outputs: string): NativeTensor[] {
    const nodes = new Map((this.graphs.get(id) ?? []).map((node) => [node.name, node]));
    const fed = new Map(inputs.split(',').map((name, index) => [name, this.tensor(tensors[index] ?? 0)]));
    const valueOf = (reference: string): Held => {
      const given = fed.get(`${reference}:0`) ?? fed.get(reference);
      if (given !== undefined) return given;
      const node = nodes.get(reference.replace(/:\d+$/, ''));
      if (node === undefined) throw new Error(`the graph has no ${reference}`);
      if (node.op === 'Const') return constantOf(node);
      return (operations[node.op] as Compute)(...node.inputList.map(valueOf));
    };
    return outputs.split(',').map((name) => this.give(valueOf(name)));
  }

  private give(tensor: Held): NativeTensor {
    this.ids += 1;
    this.held.set(this.ids, tensor);
    return { id: this.ids, shape: tensor.shape, dtype: tensor.dtype };
  }

  private tensor(id: number): Held {
    const tensor = this.held.get(id);
    if (tensor === undefined) throw new Error(`the tensor ${id} is not there`);
    return tensor;
  }
}

function constantOf(node: GraphNode): Held {
  const encoded = node.attrMap.find(([name]) => name === 'value')?.[1].tensor;
  if (encoded === undefined) throw new Error(`${node.name} has no value`);
  const bytes = Uint8Array.from(Buffer.from(encoded.tensorContent, 'base64'));
  const values = encoded.dtype === types.TF_INT32 ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
  return { shape: (encoded.tensorShape?.dimList ?? []).map(({ size }) => size), dtype: encoded.dtype, values };
}

/** Makes tfjs-node's own backend, on the fake library, the one that TensorFlow.js computes on. */
export async function useFakeNativeBackend(): Promise<FakeNativeBinding> {
  const fake = new FakeNativeBinding();
  const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js') as {
    NodeJSKernelBackend: new (binding: unknown, packageName: string) => tf.KernelBackend & RecordableBackend;
  };
  require('@tensorflow/tfjs-node/dist/register_all_kernels.js');
  Object.assign(fake, types);
  const backend = new NodeJSKernelBackend(fake, '@tensorflow/tfjs-node');
  tf.registerBackend('tensorflow', () => backend, 4);
  await tf.setBackend('tensorflow');
  return fake;
}
