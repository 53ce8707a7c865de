import type { NativeBinding, OpAttributeValue } from './binding.js';
import type { Operation, Recording, Source, TensorType } from './recording.js';
import * as wire from './wire.js';

/** Tag under which the graph is found in its file. */
export const graphTag = 'sigmasweep';

/**
 * Version of the graph's format: TensorFlow 2.9's, the oldest that a native package brings (core/public/version.h).
 * Newer ones read it.
 */
const producerVersion = 1087;

/** Attributes that tfjs-node leaves to the eager runtime, and the input whose data type they are. */
const inferredAttributes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
};

/** Names of placeholders and outputs, for running the graph. */
export const placeholderName = (index: number): string => `input${index}:0`;
export const outputName = (index: number): string => `output${index}:0`;

/**
 * A recording as the file `saved_model.pb` of a TensorFlow SavedModel (saved_model.proto, graph.proto, attr_value.proto,
 * tensor.proto in tensorflow/core), with one placeholder for each input and one operation for each output.
 * @throws TypeError for an attribute of a kind that no recorded operation had so far
 */
export function savedModelOf(recording: Recording, types: NativeBinding): Uint8Array {
  const { placeholders, constants, operations, outputs } = recording;
  const nodes = [
    ...placeholders.map((type, index) =>
      node(`input${index}`, 'Placeholder', [], { dtype: typeValue(type.dtype), shape: shapeValue(type.shape) }),
    ),
    ...constants.map((constant, index) =>
      node(`constant${index}`, 'Const', [], {
        dtype: typeValue(constant.dtype),
        value: wire.bytes(8, tensor(constant, constant.content)),
      }),
    ),
    ...operations.flatMap((operation, index) => nodesOf(operation, `operation${index}`, types)),
    ...outputs.map((output, index) =>
      node(`output${index}`, 'Identity', [nameOf(output)], { T: typeValue(output.dtype) }),
    ),
  ];
  const versions = wire.bytes(4, wire.integer(1, producerVersion));
  const graph = wire.message(...nodes.map((each) => wire.bytes(1, each)), versions);
  const metaGraph = wire.message(wire.bytes(1, wire.bytes(4, graphTag)), wire.bytes(2, graph));
  return wire.message(wire.integer(1, 1), wire.bytes(2, metaGraph));
}

function nameOf(source: Source): string {
  if (source.from === 'placeholder') return `input${source.index}`;
  if (source.from === 'constant') return `constant${source.index}`;
  return source.output === 0 ? `operation${source.operation}` : `operation${source.operation}:${source.output}`;
}

/**
 * Operations that only the eager runtime is asked for are taken apart again: TensorFlow's graph optimiser puts together
 * itself what belongs together, further than the eager runtime can.
 */
function nodesOf(operation: Operation, name: string, types: NativeBinding): Uint8Array[] {
  const inputs = operation.inputs.map(nameOf);
  const attributes = attributesOf(operation, types);
  if (operation.name !== '_MklNativeConv2DWithBias') return [node(name, operation.name, inputs, attributes)];
  const [x = '', filter = '', bias = ''] = inputs;
  const addition = { T: typeValue(types.TF_FLOAT), data_format: stringValue('NHWC') };
  return [
    node(`${name}/product`, 'Conv2D', [x, filter], attributes),
    node(name, 'BiasAdd', [`${name}/product`, bias], addition),
  ];
}

type Attributes = Readonly<Record<string, Uint8Array>>;

function attributesOf({ name, attributes, inputTypes }: Operation, types: NativeBinding): Attributes {
  const inferred = Object.entries(inferredAttributes[name] ?? {}).map(([attribute, input]): [string, Uint8Array] => [
    attribute,
    typeValue(inputTypes[input] ?? types.TF_FLOAT),
  ]);
  // Names the kernel within the eager runtime.
  const given = attributes.filter((attribute) => attribute.name !== '_kernel');
  return Object.fromEntries([
    ...inferred,
    ...given.map((attribute): [string, Uint8Array] => [attribute.name, attributeValue(attribute, types)]),
  ]);
}

function node(name: string, operation: string, inputs: readonly string[], attributes: Attributes): Uint8Array {
  return wire.message(
    wire.bytes(1, name),
    wire.bytes(2, operation),
    ...inputs.map((input) => wire.bytes(3, input)),
    ...Object.entries(attributes).map(([attribute, value]) => wire.entry(5, attribute, value)),
  );
}

const stringValue = (text: string): Uint8Array => wire.bytes(2, text);
const typeValue = (dtype: number): Uint8Array => wire.integer(6, dtype);
const shapeValue = (shape: readonly number[]): Uint8Array => wire.bytes(7, shapeMessage(shape));

function attributeValue({ name, type, value }: OpAttributeValue, types: NativeBinding): Uint8Array {
  if (type === types.TF_ATTR_STRING && typeof value === 'string') return stringValue(value);
  if (type === types.TF_ATTR_TYPE && typeof value === 'number') return typeValue(value);
  if (type === types.TF_ATTR_BOOL && typeof value === 'boolean') return wire.integer(5, value ? 1 : 0);
  if (type === types.TF_ATTR_INT && typeof value === 'number') return wire.integer(3, value);
  if (type === types.TF_ATTR_FLOAT && typeof value === 'number') return wire.float(4, value);
  if (isNumbers(value)) {
    if (type === types.TF_ATTR_INT) return wire.bytes(1, wire.integers(3, value));
    if (type === types.TF_ATTR_FLOAT) return wire.bytes(1, wire.floats(4, value));
    if (type === types.TF_ATTR_SHAPE) return shapeValue(value);
  }
  throw new TypeError(`the attribute ${name} of type ${type} is ${JSON.stringify(value)}`);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}

function shapeMessage(shape: readonly number[]): Uint8Array {
  return wire.message(...shape.map((size) => wire.bytes(2, wire.integer(1, size))));
}

function tensor({ dtype, shape }: TensorType, content: Uint8Array): Uint8Array {
  return wire.message(wire.integer(1, dtype), wire.bytes(2, shapeMessage(shape)), wire.bytes(4, content));
}
