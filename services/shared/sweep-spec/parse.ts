import type { OwnWorkloads } from '../catalog/own-workloads.js';
import { workloadNames, workloads, type WorkloadInfo, type WorkloadName } from '../catalog/workloads.js';
import { checks } from './checks.js';
import { allowed, faultsOfIssue, inputFault, showValue, suggestion, type FieldFault } from './describe-issue.js';
import { isMapping, layOver, quickFaults, type Mapping } from './quick.js';
import { keyNouns } from './field-kinds.js';
import { fillModels } from './model-schema.js';
import { fillOwnWorkload } from './own-workload.js';
import { quickFieldNames, sweepSpecFields } from './schema.js';
import { SpecError } from './spec-error.js';
import type { SweepSpec } from './spec.js';
import { isDerived, trainedTasks, type SpecEntry } from './weighting-schema.js';

export type { SweepSpec } from './spec.js';

/** What a spec may hold beside the fields: the smaller size, and where an editor finds the JSON Schema. */
const notFields = ['quick', '$schema'] as const;

/**
 * Validates a sweep spec.
 * @param value as read from YAML or JSON
 * @param options.quick whether the spec's `quick` block is laid over it
 * @param options.own the workloads that workers have brought along
 * @throws SpecError SPEC_INVALID with every fault of the spec, also of the size that was not asked for
 */
export function parseSweepSpec(
  value: unknown,
  options: { readonly quick: boolean; readonly own?: OwnWorkloads },
): SweepSpec {
  if (!isMapping(value)) {
    throw new SpecError([{ path: '', message: `a spec must be a mapping of fields; found ${showValue(value)}` }]);
  }
  const { quick } = value;
  const own = options.own ?? new Map<string, never>();
  const full = without(value, notFields);
  const checked = checkFields(full, own);
  const faults = [...checked.faults];
  let wanted = checked;
  if (isMapping(quick)) {
    const laid = only(quick, quickFieldNames);
    const small = checkFields(layOver(full, laid), own);
    faults.push(...unknownKeys(quick, quickFieldNames, ['quick']), ...quickFaults(small.faults, checked.faults, laid));
    if (options.quick) wanted = small;
  } else if (quick !== undefined) {
    faults.push({ path: ['quick'], message: `must be a mapping; found ${showValue(quick)}` });
  } else if (options.quick) {
    faults.push({ path: ['quick'], message: 'is missing; a quick run needs it to say what is smaller' });
  }
  if (faults.length > 0) throw new SpecError(faults.map(inputFault));
  return wanted.spec as SweepSpec;
}

/** Validates each field, then the rules that span fields without fault. */
function checkFields(written: Mapping, own: OwnWorkloads): { spec: Partial<SweepSpec>; faults: readonly FieldFault[] } {
  const { given, faults: ofOwn } = fillOwnWorkload(written, own);
  const fields = sweepSpecFields(vocabularyOf(given));
  const faults = [...ofOwn, ...unknownKeys(given, [...Object.keys(fields), 'quick'], [])];
  const parsed: Mapping = {};
  for (const [name, schema] of Object.entries(fields)) {
    const result = schema.safeParse(given[name], { error: (issue) => allowed(issue, keyNouns), reportInput: true });
    if (!result.success) {
      const found = result.error.issues.flatMap((issue) => faultsOfIssue(issue, [name]));
      // What is missing because the workload is not known needs no faults of its own.
      if (name !== 'data' || ofOwn.length === 0) faults.push(...found);
    } else if (result.data !== undefined) parsed[name] = result.data;
  }
  const spec = parsed as Partial<SweepSpec>;
  const wrong = new Set(faults.map(({ path }) => path[0]));
  if (spec.tasks !== undefined && spec.weightings !== undefined) {
    spec.weightings = fillTasks(spec.weightings, spec.tasks);
  }
  if (spec.models !== undefined && spec.model !== undefined) spec.models = fillModels(spec.models, spec.model);
  for (const { needs, faults: found } of checks) {
    if (!needs.some((name) => wrong.has(name))) faults.push(...found(spec as SweepSpec));
  }
  return { spec, faults };
}

/**
 * What names mean depends on the spec's own workload and tasks. Where `tasks` is wrong itself, all tasks of the workload
 * are known, so that one mistake is one fault.
 */
function vocabularyOf({ workload: name, data, tasks: listed }: Mapping): Parameters<typeof sweepSpecFields>[0] {
  const workload = workloadNames.find((known): known is WorkloadName => known === name);
  const known = workload && knownTasks(workload, data);
  if (known === undefined) return { workload, workloadTasks: undefined, tasks: undefined };
  const isRight = Array.isArray(listed) && listed.length > 0 && listed.every((task) => known.includes(task as string));
  return { workload, workloadTasks: known, tasks: isRight ? (listed as string[]) : known };
}

/** The names of a workload's tasks; undefined where the spec should declare them and does not. */
function knownTasks(workload: WorkloadName, data: unknown): string[] | undefined {
  const info: WorkloadInfo = workloads[workload];
  if (info.declaresTasks !== true) return info.tasks.map(({ name }) => name);
  const declared = isMapping(data) && isMapping(data['tasks']) ? Object.keys(data['tasks']) : [];
  return declared.length === 0 ? undefined : declared;
}

function only(given: Mapping, names: readonly string[]): Mapping {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}

function without(given: Mapping, names: readonly string[]): Mapping {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !names.includes(name)));
}

function unknownKeys(given: Mapping, known: readonly string[], at: readonly string[]): FieldFault[] {
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: [...at, key], message: `is not a known key${suggestion(key, known)}` }));
}

function fillTasks(entries: readonly SpecEntry[], tasks: readonly string[]): SweepSpec['weightings'] {
  return entries.map((entry) => {
    if (isDerived(entry)) return entry;
    const own = entry.tasks ?? (entry.method === 'fixed' ? trainedTasks(entry.weights) : tasks);
    return { ...entry, tasks: tasks.filter((task) => own.includes(task)) };
  });
}
