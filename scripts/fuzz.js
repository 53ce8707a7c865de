// Tries new hostile input until the time is up: `npm run fuzz -- --seconds 600 [--seed N] [specs|messages|dashboard]`.
// Every test gets that time. Ends with 1 on the first failure, which names the seed and the case. Needs `npm run build`.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0; found ${values.seconds}`);
const files = positionals.length === 0 ? ['test/fuzz'] : positionals.map((name) => `test/fuzz/${name}`);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout', String((seconds + 300) * 1000), ...files],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      SIGMASWEEP_FUZZ_SECONDS: String(seconds),
      ...(values.seed === undefined ? {} : { SIGMASWEEP_FUZZ_SEED: values.seed }),
    },
  },
);
process.exit(status ?? 1);
