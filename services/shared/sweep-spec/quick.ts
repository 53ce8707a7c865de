import { writePath, type FieldFault } from './describe-issue.js';

export type Mapping = Record<string, unknown>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The spec at its quick size: fields of `quick` replace those of the spec, and options inside `data`, `model` and
 * `optimizer` replace one by one. Another model or optimizer brings its own options.
 */
export function layOver(full: Mapping, quick: Mapping): Mapping {
  const laid = { ...full };
  for (const [name, value] of Object.entries(quick)) {
    const below = full[name];
    const merges = isMapping(value) && isMapping(below) && (value.name === undefined || value.name === below.name);
    laid[name] = merges ? { ...below, ...value } : value;
  }
  return laid;
}

/**
 * The faults that the quick size adds to those of the full one, named where they were written.
 * @param small faults of the spec at its quick size
 * @param full faults of the spec at its full size
 */
export function quickFaults(small: readonly FieldFault[], full: readonly FieldFault[], quick: Mapping): FieldFault[] {
  const known = new Set(full.map(identity));
  return small.flatMap((fault) => {
    const [field, option] = fault.path;
    const value = quick[String(field)];
    const written = field !== undefined && Object.hasOwn(quick, field);
    if (written && (!isMapping(value) || option === undefined || Object.hasOwn(value, option))) {
      return [{ path: ['quick', ...fault.path], message: fault.message }];
    }
    return known.has(identity(fault))
      ? []
      : [{ path: ['quick'], message: `with it, ${writePath(fault.path)} ${fault.message}` }];
  });
}

function identity({ path, message }: FieldFault): string {
  return JSON.stringify([path.map(String), message]);
}
