/**
 * Links native packages to an installed TensorFlow, for programs that don't load TensorFlow.js themselves. Prints one line
 * of JSON, a LinkReport, and ends with 0 when what was asked for was done:
 *
 *     node dist/services/worker/backends/linking/main.js link PATH [--package tfjs-node|tfjs-node-gpu]
 *     node dist/services/worker/backends/linking/main.js unlink [--package …]
 *     node dist/services/worker/backends/linking/main.js list
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { linkedLibrariesFolder } from '../../../shared/config.js';
import { errorRecord, SigmasweepError, type ErrorRecord } from '../../../shared/errors.js';
import { isNativeBackend, nativePackages, type NativeBackend } from '../native-packages.js';
import { linkTensorflow } from './link.js';
import { peekLink, removeLink, type Link } from './linked-library.js';

/** Links by the backend they are of. */
export interface LinkReport {
  readonly links: readonly { backend: string; tensorflow: string; version: string }[];
  readonly error: Omit<ErrorRecord, 'stack'> | undefined;
}

const backends = Object.keys(nativePackages) as NativeBackend[];

/** @returns the backends whose links were made, taken away or listed */
async function act(): Promise<LinkReport['links']> {
  const { values, positionals } = parseArgs({ options: { package: { type: 'string' } }, allowPositionals: true });
  const [action, path] = positionals;
  const only = values.package;
  if (only !== undefined && !isNativeBackend(only)) {
    throw new SigmasweepError('PACKAGE_UNKNOWN', `No native package is called "${only}".`, {
      hint: `Known are ${backends.join(' and ')}.`,
    });
  }
  const links = linkedLibrariesFolder();
  const asked = only === undefined ? backends : [only];
  if (action === 'link' && path !== undefined) {
    const packageName = only === undefined ? undefined : nativePackages[only];
    const from = fileURLToPath(import.meta.url);
    const link = await linkTensorflow({ path, packageName, links, from, compiler: process.env['CXX'] || undefined });
    return [describe(link)];
  }
  const there = asked.flatMap((backend) => {
    if (action === 'unlink') return removeLink(links, nativePackages[backend]) ?? [];
    return peekLink(links, nativePackages[backend]) ?? [];
  });
  return there.map(describe);
}

function describe({ packageName, tensorflow, version }: Link): LinkReport['links'][number] {
  return { backend: packageName.replace('@tensorflow/', ''), tensorflow, version };
}

let report: LinkReport;
try {
  report = { links: await act(), error: undefined };
} catch (thrown) {
  const { code, message, hint } = errorRecord(thrown);
  report = { links: [], error: { code, message, hint } };
  process.exitCode = 1;
}
process.stdout.write(`${JSON.stringify(report)}\n`);
