import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { SigmasweepError } from '../shared/errors.js';
import type { OwnWorkloads } from '../shared/catalog/own-workloads.js';
import { parseSweepSpec, type SweepSpec } from '../shared/sweep-spec/parse.js';
import { readSpecText } from '../shared/sweep-spec/read-text.js';

/** A spec file that was read. */
export interface WrittenSpec {
  /** What it means; undefined where only a coordinator knows, because its workload is one that workers bring along. */
  readonly spec: SweepSpec | undefined;
  /**
   * @param own the workloads that workers have brought along
   * @throws SpecError with every fault
   */
  validate(own: OwnWorkloads): SweepSpec;
  /** The name of the workload that workers bring along; undefined where it is none of these. */
  readonly ownWorkload: string | undefined;
}

/**
 * Reads and validates a sweep spec file.
 * @param quick whether the spec's `quick` block is laid over it
 * @throws SpecError with every fault; SigmasweepError SPEC_UNREADABLE when the file can't be read
 */
export function readSpecFile(path: string, quick: boolean): WrittenSpec {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SigmasweepError('SPEC_UNREADABLE', `The spec ${path} cannot be read: ${(cause as Error).message}`, {
      hint: 'Name a YAML or JSON file; examples/ has three.',
      cause,
    });
  }
  const written = readSpecText(text, basename(path));
  const validate = (own: OwnWorkloads): SweepSpec => parseSweepSpec(written, { quick, own });
  const ownWorkload = nameOfOwn(written);
  return { spec: ownWorkload === undefined ? validate(new Map()) : undefined, validate, ownWorkload };
}

function nameOfOwn(written: unknown): string | undefined {
  const { workload, data } = (written ?? {}) as { workload?: unknown; data?: { name?: unknown } | null };
  const name = data?.name;
  return workload === 'own' && typeof name === 'string' ? name : undefined;
}
