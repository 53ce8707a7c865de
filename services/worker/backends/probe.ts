/** Tries one native package in this process and prints what it found as one line of JSON; see native.ts. */
import { checkBackend } from './check.js';
import { loadNativePackage, type NativePackage } from './native-package.js';

try {
  const facts = await loadNativePackage(process.argv[2] as NativePackage);
  await checkBackend('');
  process.stdout.write(`${JSON.stringify(facts)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}\n`);
  process.exitCode = 1;
}
