/** Tries a native package with a library in this process and prints what it found as one line of JSON; see native.ts. */
import { checkBackend } from './check.js';
import { loadNativePackage } from './native-package.js';
import type { NativePackage } from './native-packages.js';

try {
  const [, , packageName, library] = process.argv as [string, string, NativePackage, string];
  const facts = await loadNativePackage(packageName, library);
  await checkBackend('');
  process.stdout.write(`${JSON.stringify(facts)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}\n`);
  process.exitCode = 1;
}
