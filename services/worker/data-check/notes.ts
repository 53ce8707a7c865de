import type { PartReport, SplitReport } from '../../shared/data-report.js';
import { splits, type Split } from '../workloads/workload.js';

/** So many names stand in one note. */
const mostNames = 12;

/** What is worth knowing before training: what no training can learn from, and no metric can count. */
export function notesOf(reports: Readonly<Record<Split, SplitReport>>): string[] {
  return reports.train.parts.flatMap((part, index) => {
    const others = splits.map((split) => [split, reports[split].parts[index] ?? part] as const);
    return [...emptyNotes(others), ...classNotes(part, others.slice(1))];
  });
}

type PartOfSplit = readonly [split: Split, part: PartReport];

function emptyNotes(parts: readonly PartOfSplit[]): string[] {
  return parts.flatMap(([split, { name, kind, counted, samplesWithout, ranges }]) => {
    if (counted === 0) return [`${name}: nothing of the ${split} split counts`];
    const constant = kind === 'image' && ranges.every(({ least, most }) => least === most);
    return [
      ...(samplesWithout > 0 ? [`${name}: of ${samplesWithout} samples of the ${split} split nothing counts`] : []),
      ...(constant ? [`${name}: all pictures of the ${split} split are of one colour`] : []),
    ];
  });
}

function classNotes({ name, classes, counted }: PartReport, others: readonly PartOfSplit[]): string[] {
  if (counted === 0) return [];
  const absent = classes.filter(({ samples }) => samples === 0).map((one) => one.name);
  const unlearnt = others.flatMap(([split, part]) => {
    const there = part.classes.filter((one) => one.samples > 0 && absent.includes(one.name)).map((one) => one.name);
    return there.length === 0 ? [] : [`${name}: ${listed(there)} only in the ${split} split, not in train`];
  });
  return [...(absent.length === 0 ? [] : [`${name}: no sample of the train split has ${listed(absent)}`]), ...unlearnt];
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNames;
  return more > 0 ? `${names.slice(0, mostNames).join(', ')} and ${more} more` : names.join(', ');
}
