import { compareSweep, type Comparison } from '../../shared/compare/comparison.js';
import type { Database } from '../../shared/db/connect.js';
import { applyView, type ShownComparison } from '../compare/apply-view.js';
import type { SettingOptions } from '../compare/options.js';
import type { TableView } from '../compare/table-view.js';
import { readSettingOptions } from './setting-options.js';
import { readSweepResults } from '../../shared/db/read-sweep-results.js';

/** What the table and the charts of a sweep are made from; it changes only when trials begin or end. */
export interface WholeComparison {
  readonly whole: Comparison;
  /** Of every setting, by its key. */
  readonly options: ReadonlyMap<string, SettingOptions>;
}

/** The comparison of a sweep's settings, from the trials that have succeeded so far, and what they were made from. */
export async function readWholeComparison(database: Database, sweepId: string): Promise<WholeComparison> {
  const [results, options] = await Promise.all([
    readSweepResults(database, sweepId),
    readSettingOptions(database, sweepId),
  ]);
  return { whole: compareSweep(results), options };
}

/**
 * A text that differs when a comparison may have changed: with the states of the trials and what is known of the
 * settings. A report may come after the end of its trial, so that for a minute after an end it differs each second.
 */
export async function comparisonMark(database: Database, sweepId: string): Promise<string> {
  const rows = await database.$queryRaw<{ mark: string }[]>`
    SELECT concat_ws('/',
      (SELECT concat_ws(':', md5(string_agg(concat_ws(':', state, attempt), ',' ORDER BY position)),
        CASE WHEN max(ended_at) > now() - interval '1 minute' THEN date_trunc('second', now()) END)
        FROM trial WHERE sweep_id = ${sweepId}),
      (SELECT md5(string_agg(concat_ws(':', key, weights, note), ',' ORDER BY position))
        FROM setting WHERE sweep_id = ${sweepId})) AS mark`;
  return rows[0]?.mark ?? '';
}

/** The comparison as a view shows it, with what it was made from. */
export async function readShownComparison(
  database: Database,
  sweepId: string,
  view: TableView,
): Promise<WholeComparison & { readonly shown: ShownComparison }> {
  const { whole, options } = await readWholeComparison(database, sweepId);
  return { whole, options, shown: applyView(whole, options, view) };
}
