import type { Database } from '../../shared/db/connect.js';
import {
  readSettingCurves,
  readSettingStandings,
  type SettingCurve,
  type SettingStanding,
  type WantedCurves,
} from './curves.js';

/** Where curves come from. */
export interface CurveSource {
  readonly standings: typeof readSettingStandings;
  readonly curves: typeof readSettingCurves;
}

const fromDatabase: CurveSource = { standings: readSettingStandings, curves: readSettingCurves };

/** Points that are kept, of all sweeps together: about 30 MB. */
const mostPoints = 1_000_000;
/** A report that comes later than anything expects is seen after so long, in milliseconds. */
const longest = 600_000;

interface KeptSetting {
  readonly mark: string;
  readonly at: number;
  readonly points: number;
  readonly curves: readonly SettingCurve[];
}

/**
 * The curves of sweeps that people watch. What a setting reported whose trials have ended does not change any more, so
 * that after each new point only the settings are read that are being trained. Those are read as a whole: points may
 * come late, twice, or go with their sweep.
 */
export class CurveCache {
  /** By sweep, in the order in which they were last asked for; then by setting. */
  readonly #kept = new Map<string, Map<string, KeptSetting>>();

  constructor(
    private readonly source: CurveSource = fromDatabase,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * The same as `readSettingCurves`.
   * @param wanted splits and metrics are the same each time that a sweep is asked for
   */
  async read(database: Database, sweepId: string, wanted: WantedCurves): Promise<SettingCurve[]> {
    const before = this.#kept.get(sweepId);
    const kept = new Map<string, KeptSetting>();
    const unknown: SettingStanding[] = [];
    for (const standing of await this.source.standings(database, sweepId, wanted.settings)) {
      const known = before?.get(standing.key);
      if (known?.mark === standing.mark && this.now() - known.at < longest) kept.set(standing.key, known);
      else unknown.push(standing);
    }
    const settings = unknown.map(({ key }) => key);
    const fresh = settings.length === 0 ? [] : await this.source.curves(database, sweepId, { ...wanted, settings });
    const curves = [...[...kept.values()].flatMap((setting) => setting.curves), ...fresh];
    for (const { key, mark, settled } of unknown) {
      if (!settled) continue;
      const own = fresh.filter(({ settingKey }) => settingKey === key);
      const points = own.reduce((sum, { epochs }) => sum + epochs.length, 0);
      kept.set(key, { mark, at: this.now(), points, curves: own });
    }
    this.#keep(sweepId, kept);
    return curves;
  }

  #keep(sweepId: string, kept: Map<string, KeptSetting>): void {
    this.#kept.delete(sweepId);
    if (kept.size > 0) this.#kept.set(sweepId, kept);
    let points = 0;
    // The newest first: those that have not been asked for the longest go.
    for (const [id, settings] of [...this.#kept].reverse()) {
      for (const setting of settings.values()) points += setting.points;
      if (points > mostPoints) this.#kept.delete(id);
    }
  }
}
