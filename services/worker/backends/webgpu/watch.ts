import { DeviceFailure } from '../device-failure.js';
import type { GpuBufferDescriptor, GpuDevice } from './api.js';

const sharedHint =
  'Use a smaller batchSize or model, or train fewer trials at once on this GPU (SIGMASWEEP_SLOTS); other programs may hold its memory.';

/** Turns what a device reports of its own accord into one abort signal whose reason is a DeviceFailure. */
export class DeviceWatch {
  private readonly controller = new AbortController();
  /** Buffers that were made and the bytes in them; TensorFlow.js reuses buffers and rarely gives one back. */
  private buffers = 0;
  private bytes = 0;
  /** Buffers of which it is not known yet whether they were made. */
  private readonly pending = new Set<Promise<void>>();

  constructor(private readonly device: GpuDevice) {
    void device.lost.then(({ reason, message }) =>
      this.fail(
        new DeviceFailure(
          'GPU_LOST',
          `The GPU was lost (${reason}): ${firstLine(message)}`,
          true,
          'The driver was reset or the GPU was taken away; the driver’s log (dmesg, Event Viewer) says more.',
        ),
      ),
    );
    device.addEventListener('uncapturederror', ({ error }) => {
      // What follows from a buffer that was not made is told before that itself.
      void Promise.allSettled([...this.pending]).then(() =>
        this.fail(
          new DeviceFailure(
            'GPU_REFUSED',
            `The GPU refused an operation: ${firstLine(error.message)}`,
            true,
            'Please report this as a bug, with the message and the GPU’s name; `--backend wasm` trains everywhere.',
          ),
        ),
      );
    });
    this.watchBuffers();
  }

  get failure(): AbortSignal {
    return this.controller.signal;
  }

  /** The first failure tells the cause; those that follow from it do not. */
  private fail(failure: DeviceFailure): void {
    if (!this.failure.aborted) this.controller.abort(failure);
  }

  /** Without this a buffer that could not be made is noticed later, by results that are wrong. */
  private watchBuffers(): void {
    const { device } = this;
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor: GpuBufferDescriptor): unknown => {
      const { size } = descriptor;
      const most = device.limits.maxBufferSize;
      if (size > most) throw this.tooLarge(size, most);
      device.pushErrorScope('out-of-memory');
      const buffer = create(descriptor);
      const held = `${inMebibytes(this.bytes)} in ${this.buffers} buffers`;
      this.buffers += 1;
      this.bytes += size;
      const told = device.popErrorScope().then(
        (error) => {
          if (error === null) return;
          this.fail(
            new DeviceFailure(
              'GPU_OUT_OF_MEMORY',
              `The GPU has no memory left: a buffer of ${inMebibytes(size)} was asked for while this trainer held ${held}`,
              true,
              sharedHint,
            ),
          );
        },
        // The device is lost, which is reported by itself.
        () => undefined,
      );
      this.pending.add(told);
      void told.then(() => this.pending.delete(told));
      return buffer;
    };
  }

  private tooLarge(size: number, most: number): DeviceFailure {
    const failure = new DeviceFailure(
      'GPU_BUFFER_TOO_LARGE',
      `One tensor of this trial takes ${inMebibytes(size)}; the GPU’s driver allows ${inMebibytes(most)} in one buffer`,
      false,
      'Use a smaller batchSize, image or model.',
    );
    this.fail(failure);
    return failure;
  }
}

function inMebibytes(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return `${mebibytes < 10 ? mebibytes.toFixed(1) : mebibytes.toFixed(0)} MiB`;
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.trim() ?? '';
}
