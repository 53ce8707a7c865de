#!/usr/bin/env node
import { existsSync } from 'node:fs';

const entry = new URL('../dist/services/cli/main.js', import.meta.url);
if (!existsSync(entry)) {
  process.stderr.write('sigmasweep is not built yet: run `npm run build` in the repository first.\n');
  process.exit(1);
}
await import(entry.href);
