import { DeviceFailure } from './device-failure.js';

/** Bytes of a number of TensorFlow's types; it names no others in training. */
const bytesOf: Readonly<Record<string, number>> = { float: 4, int32: 4, int64: 8, double: 8, half: 2, bool: 1 };

/**
 * What TensorFlow says when a device has no memory left, for example "OOM when allocating tensor with shape[4,32,64,9]
 * and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc", or "failed to allocate memory".
 */
const ofTensor = /OOM when allocating tensor with shape\s*\[([\d,]*)\] and type (\w+)(?: on \S*device:(\w+))?/;
const ofAny = /OOM when allocating|failed to allocate memory|RESOURCE_EXHAUSTED|TF_Status: 8\b/i;

/**
 * @param error of a training loop on native TensorFlow
 * @returns undefined when memory is not what it tells of
 */
export function nativeMemoryFailure(error: unknown): DeviceFailure | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const [, shape, type, device] = ofTensor.exec(message) ?? [];
  if (shape === undefined && !ofAny.test(message)) return undefined;
  const onGpu = device === 'GPU' || /\bGPU/.test(message);
  return new DeviceFailure(
    onGpu ? 'GPU_OUT_OF_MEMORY' : 'OUT_OF_MEMORY',
    `${onGpu ? 'The GPU' : 'The machine'} has no memory left${shape === undefined ? `: ${firstLine(message)}` : ` for ${describe(shape, type)}`}`,
    true,
    `Use a smaller batchSize or model, or train fewer trials at once${onGpu ? ' on this GPU' : ''} (SIGMASWEEP_SLOTS); other programs may hold the memory.`,
  );
}

function describe(shape: string, type = ''): string {
  const sides = shape.split(',').filter((side) => side !== '');
  const bytes = sides.reduce((product, side) => product * Number(side), bytesOf[type] ?? 4);
  return `a tensor of ${(bytes / 2 ** 20).toFixed(1)} MiB (${sides.join(' × ')}, ${type})`;
}

/** The line that says it; TensorFlow puts its status before it. */
function firstLine(message: string): string {
  const lines = message.split('\n').map((line) => line.replace(/^Message:\s*/, '').trim());
  return lines.find((line) => ofAny.test(line) && !/^Invalid TF_Status/.test(line)) ?? lines[0] ?? '';
}
