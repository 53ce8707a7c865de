import type { Database } from '../../shared/db/connect.js';
import { flattenOptions, type SettingOptions } from '../compare/options.js';

/** The options of every setting of a sweep, from the configuration that its trials share but for the seed. */
export async function readSettingOptions(database: Database, sweepId: string): Promise<Map<string, SettingOptions>> {
  const rows = await database.$queryRaw<{ setting_key: string; config: unknown }[]>`
    SELECT DISTINCT ON (setting_key) setting_key, config FROM trial
    WHERE sweep_id = ${sweepId} ORDER BY setting_key, position`;
  return new Map(rows.map(({ setting_key, config }) => [setting_key, flattenOptions(config)]));
}
