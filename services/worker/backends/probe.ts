/**
 * Tries one backend in this process and prints what it found as one line of JSON; see probe-process.ts. A native package
 * that cannot be used fails with its own words on standard error.
 */
import { BackendUnusable } from './candidate.js';
import { checkBackend } from './check.js';
import { loadNativePackage } from './native-package.js';
import type { ProbeTarget } from './probe-process.js';
import { startWebgpu } from './webgpu.js';

async function answer(target: ProbeTarget, library = ''): Promise<object> {
  if (target === 'webgpu' || target === 'webgpu-software') {
    try {
      await startWebgpu(target === 'webgpu' ? 'hardware' : 'software');
      return {};
    } catch (error) {
      if (error instanceof BackendUnusable) return { why: error.why, hint: error.hint };
      throw error;
    }
  }
  const facts = await loadNativePackage(target, library);
  try {
    await checkBackend('');
  } catch (error) {
    if (error instanceof BackendUnusable) return { wrong: error.why };
    throw error;
  }
  return facts;
}

try {
  process.stdout.write(`${JSON.stringify(await answer(process.argv[2] as ProbeTarget, process.argv[3]))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}\n`);
  process.exitCode = 1;
}
