import { BrokenFile } from './broken-file.js';

/** An array of a `.npy` file, in C order. */
export interface NumberArray {
  readonly shape: readonly number[];
  /** As NumPy writes it, without the byte order: `f4`, `u1`, `i8` … */
  readonly dtype: string;
  /** Row-major. */
  readonly values: Float32Array | Float64Array | Int32Array | Uint8Array;
}

const typeNames: Readonly<Record<string, string>> = { b: 'bool', u: 'uint', i: 'int', f: 'float' };

/** Type and shape as NumPy names them: "float32 288 × 384 × 3". */
export function formOf({ dtype, shape }: NumberArray): string {
  const type = dtype === 'b1' ? 'bool' : `${typeNames[dtype.charAt(0)] ?? dtype}${8 * Number(dtype.slice(1))}`;
  return `${type} ${shape.join(' × ')}`.trimEnd();
}

const magic = Buffer.from('\u0093NUMPY', 'latin1');

interface NumberReader {
  readonly bytes: number;
  readonly array: (length: number) => NumberArray['values'];
  readonly read: (view: DataView, at: number, littleEndian: boolean) => number;
}

/** Every type that numbers of a data set come in. */
const readers: Readonly<Record<string, NumberReader>> = {
  b1: { bytes: 1, array: (length) => new Uint8Array(length), read: (view, at) => view.getUint8(at) },
  u1: { bytes: 1, array: (length) => new Uint8Array(length), read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, array: (length) => new Int32Array(length), read: (view, at) => view.getInt8(at) },
  u2: { bytes: 2, array: (length) => new Int32Array(length), read: (view, at, little) => view.getUint16(at, little) },
  i2: { bytes: 2, array: (length) => new Int32Array(length), read: (view, at, little) => view.getInt16(at, little) },
  u4: { bytes: 4, array: (length) => new Float64Array(length), read: (view, at, little) => view.getUint32(at, little) },
  i4: { bytes: 4, array: (length) => new Int32Array(length), read: (view, at, little) => view.getInt32(at, little) },
  u8: {
    bytes: 8,
    array: (length) => new Float64Array(length),
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
  },
  i8: {
    bytes: 8,
    array: (length) => new Float64Array(length),
    read: (view, at, little) => Number(view.getBigInt64(at, little)),
  },
  f2: {
    bytes: 2,
    array: (length) => new Float32Array(length),
    read: (view, at, little) => halfFloat(view.getUint16(at, little)),
  },
  f4: {
    bytes: 4,
    array: (length) => new Float32Array(length),
    read: (view, at, little) => view.getFloat32(at, little),
  },
  f8: {
    bytes: 8,
    array: (length) => new Float64Array(length),
    read: (view, at, little) => view.getFloat64(at, little),
  },
};

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Reads a `.npy` file, versions 1 to 3 of NumPy's format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @param file its name, for errors
 * @throws BrokenFile
 */
export function readNpy(bytes: Buffer, file: string): NumberArray {
  const { header, begin } = headerOf(bytes, file);
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shapeText = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  if (order === undefined || shapeText === undefined) {
    throw new BrokenFile(
      'FORMAT',
      file,
      'has a header that names no shape and order; it is not what numpy.save writes',
    );
  }
  const reader = descr === undefined ? undefined : readers[descr.slice(1)];
  if (descr === undefined || reader === undefined) {
    const found = descr === undefined ? 'records or objects' : descr;
    const known = 'whole numbers of 8 to 64 bits, floats of 16 to 64 bits and booleans are read';
    throw new BrokenFile('DTYPE', file, `has the dtype ${found}; ${known}`, 'Save it with .astype(numpy.float32).');
  }
  const shape = shapeText
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  if (order === 'True' && shape.length > 1) {
    throw new BrokenFile('ORDER', file, 'is in Fortran order', 'Save it with numpy.ascontiguousarray(…).');
  }
  const length = shape.reduce((product, size) => product * size, 1);
  const wanted = length * reader.bytes;
  if (bytes.length - begin !== wanted) {
    const what = bytes.length - begin < wanted ? 'is truncated: it' : 'is longer than it should be: it';
    const sizes = `has ${bytes.length - begin} bytes of numbers; ${shape.join(' × ')} of ${descr} take ${wanted}`;
    throw new BrokenFile('TRUNCATED', file, `${what} ${sizes}`, 'Copy the file again.');
  }
  const values = reader.array(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset + begin, wanted);
  const littleEndian = !descr.startsWith('>');
  for (let index = 0; index < length; index += 1) values[index] = reader.read(view, index * reader.bytes, littleEndian);
  return { shape, dtype: descr.slice(1), values };
}

function headerOf(bytes: Buffer, file: string): { header: string; begin: number } {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new BrokenFile('FORMAT', file, 'does not begin as a .npy file does', 'Write it with numpy.save.');
  }
  const version = bytes[6] ?? 0;
  const lengthBytes = version === 1 ? 2 : 4;
  const begin = 8 + lengthBytes;
  if (version < 1 || version > 3)
    throw new BrokenFile('FORMAT', file, `has version ${version} of .npy; 1 to 3 are read`);
  const length = bytes.length < begin ? NaN : version === 1 ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  if (!(begin + length <= bytes.length)) {
    throw new BrokenFile(
      'TRUNCATED',
      file,
      `is truncated: its ${bytes.length} bytes end within the header`,
      'Copy the file again.',
    );
  }
  return { header: bytes.toString('latin1', begin, begin + length), begin: begin + length };
}
