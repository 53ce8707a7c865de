import { derivedRows } from '../catalog/derived-rows.js';
import { weightings as catalog } from '../catalog/weightings.js';
import { deltaCriterion } from '../derivation.js';
import { gridTrainsEvery } from './count.js';
import { faultOfDelta } from './criterion-faults.js';
import { suggestion, type FieldFault } from './describe-issue.js';
import { referredRows } from './referred-rows.js';
import type { SweepSpec } from './spec.js';
import { isDerived } from './weighting-schema.js';

/** The faults of rows whose weights come from other rows: what they name must be there, once, and of the right kind. */
export function derivedRowFaults(spec: SweepSpec): FieldFault[] {
  return spec.weightings.flatMap((entry, index): FieldFault[] => {
    if (!isDerived(entry)) return [];
    const path = ['weightings', index];
    if (entry.method === 'replay') {
      const message = faultOfReplay(spec, entry.of);
      return message === undefined ? [] : [{ path: [...path, 'of'], message }];
    }
    return faultsOfBestPoint(spec, entry.criterion).map(([field, message]) => ({ path: [...path, field], message }));
  });
}

function faultOfReplay({ weightings }: SweepSpec, of: string): string | undefined {
  const referred = referredRows(weightings, of);
  const [only, second] = referred;
  if (only === undefined) {
    const names = weightings.flatMap((entry) => [...(entry.label === undefined ? [] : [entry.label]), entry.method]);
    return `must name a learned entry of weightings by its label or method; found ${JSON.stringify(of)}${suggestion(of, [...new Set(names)])}`;
  }
  if (second !== undefined) {
    return `must name one entry of weightings; ${JSON.stringify(of)} fits entries ${referred.map(({ index }) => index).join(', ')}: give one a label and name that`;
  }
  if (catalog[only.entry.method].learned) return undefined;
  return `must name an entry whose weights are learned; ${catalog[only.entry.method].label} are constant already`;
}

function faultsOfBestPoint(spec: SweepSpec, criterion: string): [string, string][] {
  const { label } = derivedRows['approx-optimal'];
  if (!gridTrainsEvery(spec)) {
    return [['method', `needs a grid with a point that trains every task, to choose the ${label} from`]];
  }
  const message = criterion === deltaCriterion ? faultOfDelta(spec) : undefined;
  return message === undefined ? [] : [['criterion', message]];
}
