/**
 * Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding), the part that a TensorFlow graph needs: a
 * message is its fields one after the other, each a key (number and wire type) and a value.
 */

const bitsOfByte = 7n;
const moreFollows = 0x80;

/** A number of up to 64 bits, seven bits a byte, lowest first; negative ones as two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= bitsOfByte;
    bytes.push(rest > 0n ? low | moreFollows : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

const wireTypes = { varint: 0, lengthDelimited: 2, bits32: 5 } as const;

function key(field: number, wireType: number): Uint8Array {
  return varint((field << 3) | wireType);
}

/** A message, or several of its fields. */
export function message(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** An integer, an enumeration's value or a truth value. */
export function integer(field: number, value: number): Uint8Array {
  return message(key(field, wireTypes.varint), varint(value));
}

export function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return message(key(field, wireTypes.bits32), bytes);
}

/** Bytes, a text, or a message inside a message. */
export function bytes(field: number, value: Uint8Array | string): Uint8Array {
  const content = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return message(key(field, wireTypes.lengthDelimited), varint(content.length), content);
}

/** Repeated integers, packed. */
export function integers(field: number, values: readonly number[]): Uint8Array {
  return bytes(field, message(...values.map(varint)));
}

/** Repeated floats, packed. */
export function floats(field: number, values: readonly number[]): Uint8Array {
  return bytes(field, Buffer.from(Float32Array.from(values).buffer));
}

/** One entry of a map from texts to messages. */
export function entry(field: number, name: string, value: Uint8Array): Uint8Array {
  return bytes(field, message(bytes(1, name), bytes(2, value)));
}
