import { countTrials } from './count.js';
import type { FieldFault } from './describe-issue.js';
import type { SweepSpec } from './spec.js';

/** A rule that spans fields. */
interface Check {
  /** It is applied when none of these has a fault of its own. */
  readonly needs: readonly (keyof SweepSpec)[];
  readonly faults: (spec: SweepSpec) => readonly FieldFault[];
}

/** In text: 12,345; large ones rounded. */
function written(count: number): string {
  return count < 1e15 ? count.toLocaleString('en-US') : `about ${count.toExponential(1)}`;
}

/** Every rule that spans fields, beside what sweepSpecFields says about each one. */
export const checks: readonly Check[] = [
  {
    needs: ['tasks', 'grid'],
    faults: ({ tasks, grid }) => {
      if (grid?.simplex === undefined || countTrials({ ...noRows, tasks, grid }).settings > 0) return [];
      const message = `leaves no point for ${tasks.length} tasks without corners; it must be at most 1/${tasks.length}`;
      return [{ path: ['grid', 'simplex', 'step'], message: `${message}; found ${grid.simplex.step}` }];
    },
  },
  {
    needs: ['tasks', 'optimizer'],
    faults: ({ tasks, optimizer: { learningRates } }) => {
      if (learningRates['encoder'] !== 0) return [];
      return tasks
        .filter((task) => learningRates[task] === 0)
        .map((task) => ({
          path: ['optimizer', 'learningRates', task],
          message: 'must be above 0 where that of the encoder is 0, or the task would train nothing; found 0',
        }));
    },
  },
  {
    needs: ['tasks', 'grid', 'weightings', 'baselines', 'seeds', 'limits'],
    faults: (spec) => {
      const { settings, trials } = countTrials(spec);
      if (settings === 0) {
        return [{ path: ['grid'], message: 'is missing, and so are weightings and baselines: nothing to train' }];
      }
      if (trials <= spec.limits.trials) return [];
      const count = `${written(settings)} settings × ${written(spec.seeds.length)} seeds = ${written(trials)} trials`;
      return [{ path: ['grid'], message: `gives ${count}; limits.trials allows ${written(spec.limits.trials)}` }];
    },
  },
];

const noRows = { weightings: [], baselines: false, seeds: [1] };
