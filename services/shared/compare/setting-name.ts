import { formatWeight } from './number-forms.js';
import { oneLine } from './plain-text.js';
import type { Setting } from './results.js';

/** What remains of a label that is made of tasks and weights alone. */
const separators = /^[\d\s.,:;/|·×+=()e-]*$/;

/**
 * Whether a setting's label says more than the tasks and weights that stand beside it in a table. Those of a grid's
 * points do not.
 */
export function saysMore(
  { kind, label }: Setting,
  tasks: readonly { readonly name: string; readonly label: string }[],
): boolean {
  if (kind !== 'fixed') return true;
  const names = tasks.flatMap((task) => [task.name, task.label]).sort((a, b) => b.length - a.length);
  const rest = names.reduce((text, name) => (name === '' ? text : text.replaceAll(name, ' ')), oneLine(label));
  return !separators.test(rest);
}

/** A setting's weights in the order of the table's columns: "0.9 / 0.1". */
export function weightsName({ weights }: Setting, tasks: readonly { readonly name: string }[]): string {
  return tasks.map(({ name }) => formatWeight(weights?.[name] ?? 0)).join(' / ');
}
