import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { SigmasweepError } from '../shared/errors.js';
import { parseSweepSpec, type SweepSpec } from '../shared/sweep-spec/parse.js';
import { readSpecText } from '../shared/sweep-spec/read-text.js';

/**
 * Reads and validates a sweep spec file.
 * @param quick whether the spec's `quick` block is laid over it
 * @throws SpecError with every fault; SigmasweepError SPEC_UNREADABLE when the file can't be read
 */
export function readSpecFile(path: string, quick: boolean): SweepSpec {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SigmasweepError('SPEC_UNREADABLE', `The spec ${path} cannot be read: ${(cause as Error).message}`, {
      hint: 'Name a YAML or JSON file; examples/ has three.',
      cause,
    });
  }
  return parseSweepSpec(readSpecText(text, basename(path)), { quick });
}
