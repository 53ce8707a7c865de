import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a GPU's own tool says of it. */
export interface GpuFacts {
  readonly name: string;
  readonly driver: string;
  /** All of its memory, bytes. */
  readonly memoryBytes: number;
}

/**
 * Asks NVIDIA's driver tool.
 * @returns undefined where the tool is missing, which a container can be that has the GPU itself
 */
export async function nvidiaFacts(): Promise<GpuFacts | undefined> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits'];
  try {
    return parseNvidiaFacts((await run('nvidia-smi', query, { timeout: 10_000 })).stdout);
  } catch {
    return undefined;
  }
}

/**
 * Reads the tool's answer, one GPU a line: name, driver version, MiB. Of several, the one with the least memory is
 * taken: which of them computes is not known, and less is safe.
 */
export function parseNvidiaFacts(text: string): GpuFacts | undefined {
  const gpus = text
    .trim()
    .split('\n')
    .flatMap((line): GpuFacts[] => {
      const [name = '', version = '', mebibytes = ''] = line.split(',').map((cell) => cell.trim());
      const memoryBytes = Number(mebibytes) * 1024 ** 2;
      return name === '' || !(memoryBytes > 0) ? [] : [{ name, driver: `NVIDIA ${version}`, memoryBytes }];
    });
  return gpus.sort((a, b) => a.memoryBytes - b.memoryBytes)[0];
}
