import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { complaint, runProgram } from './run-program.js';

const packageName = 'nats-server';
/** Where the package keeps its program. */
const programInPackage = join('usr', 'sbin', 'nats-server');

// A closed network is noticed by the first connection; no server is asked twice.
const impatient = ['Acquire::http::Timeout=5', 'Acquire::https::Timeout=5', 'Acquire::Retries=0'];

const options = (values: readonly string[]): string[] => values.flatMap((value) => ['-o', value]);

/**
 * Downloads Debian's (or Ubuntu's) package and unpacks it. Nothing is installed, so it needs no root and starts no
 * service; apt checks the package's signature chain as always.
 * @param folder empty, for the package and what is in it
 * @returns the path of the program
 * @throws Error that says which step failed and why
 */
export async function fetchDebianPackage(folder: string): Promise<string> {
  const inFolder = { cwd: folder, timeoutMs: 60_000 };
  try {
    await runProgram('apt-get', [...options(impatient), 'download', packageName], inFolder);
  } catch (error) {
    if (error instanceof Error && error.message.endsWith('is not on this system')) throw error;
    // Images of containers come without package lists, and the system's own are not ours to change.
    const lists = join(folder, 'lists');
    const cache = join(folder, 'cache');
    await mkdir(join(lists, 'partial'), { recursive: true });
    await mkdir(join(cache, 'archives', 'partial'), { recursive: true });
    const own = options([...impatient, `Dir::State::Lists=${lists}`, `Dir::Cache=${cache}`]);
    // It ends well although none of its servers could be reached: what it complained of is the reason then.
    const updated = await runProgram('apt-get', [...own, 'update'], inFolder);
    await runProgram('apt-get', [...own, 'download', packageName], inFolder).catch((cause: unknown) => {
      throw new Error(complaint(updated.stderr) ?? String(cause), { cause });
    });
  }
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded no package');
  const unpacked = join(folder, 'unpacked');
  await runProgram('dpkg-deb', ['-x', join(folder, file), unpacked], inFolder);
  return join(unpacked, programInPackage);
}
