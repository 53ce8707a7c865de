import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { packageRoot, softwareVersion } from '../../shared/version.js';
import type { StateFolder } from '../stack/state-folder.js';
import type { Finding } from './finding.js';

const gibibyte = 1024 ** 3;
/** Below it PostgreSQL and JetStream soon stop writing. */
const leastFree = 0.5 * gibibyte;
const comfortable = 3 * gibibyte;

/** Whether this Node is one that package.json allows. */
export function checkNode(version = process.versions.node): Finding {
  const manifest = z.object({ engines: z.object({ node: z.string() }) });
  const wanted = manifest.parse(JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))).engines.node;
  const numbers = (text: string) =>
    text
      .replace(/[^\d.]/g, '')
      .split('.')
      .map(Number);
  const [major = 0, minor = 0] = numbers(version);
  const [leastMajor = 0, leastMinor = 0] = numbers(wanted);
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  return {
    topic: 'Node',
    state: enough ? 'ok' : 'missing',
    found: `${version}, sigmasweep ${softwareVersion}`,
    hint: enough ? undefined : `Node ${wanted} is needed.`,
  };
}

/** Whether the state folder, or the one it will be made in, can be written to and has room. */
export function checkStateFolder(state: StateFolder): Finding {
  const topic = 'state folder';
  let folder = state.root;
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    return {
      topic,
      state: 'missing',
      found: `${folder} cannot be written to`,
      hint: 'Set SIGMASWEEP_STATE to a folder of your own.',
    };
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  return {
    topic,
    state: free < leastFree ? 'missing' : free < comfortable ? 'note' : 'ok',
    found: `${state.root}${existsSync(state.root) ? '' : ' (made by the first start)'}, ${(free / gibibyte).toFixed(1)} GiB free`,
    hint: free < comfortable ? 'Free disk space, or set SIGMASWEEP_STATE to a folder on another disk.' : undefined,
  };
}
