/** Loaded into a coordinator by a benchmark: at SIGUSR2 it writes what its heap holds after a full collection, in bytes. */
import { writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { BENCH_HEAP_FILE: file } = process.env;
if (file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    // Twice: finalisers of the first collection free what the second one finds.
    collect();
    setImmediate(() => {
      collect();
      writeFileSync(file, JSON.stringify(process.memoryUsage()));
    });
  });
}
