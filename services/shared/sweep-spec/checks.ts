import {
  faultOfEncoder,
  faultOfNoise,
  faultOfNoisyLosses,
  faultOfPair,
  faultOfTasks,
  type TypedTask,
} from '../catalog/compatibility.js';
import { canonicalJson } from '../canonical-json.js';
import { architectureGroups, models as catalog, type ModelInfo } from '../catalog/models.js';
import { commandOptions } from '../catalog/command-options.js';
import { gradientSpaceOf, weightings as methods } from '../catalog/weightings.js';
import { findTask } from '../catalog/workloads.js';
import { deltaCriterion } from '../derivation.js';
import { countGrid, countTrials } from './count.js';
import { faultOfCriterion } from './criterion-faults.js';
import { derivedRowFaults } from './derived-rows.js';
import { searchFaults } from './search-faults.js';
import { tuningFaults } from './tuning-faults.js';
import { writePath, type FieldFault, type FieldPath } from './describe-issue.js';
import { modelsOf } from './model-schema.js';
import { modelField } from './schema.js';
import type { SweepSpec } from './spec.js';
import { isDerived } from './weighting-schema.js';

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

function typedTasks(spec: SweepSpec, names: readonly string[]): TypedTask[] {
  return names.map((name) => ({ name, kind: findTask(spec, name)?.kind }));
}

const usualModel = modelField.parse(undefined);

/** Every rule that spans fields, beside what sweepSpecFields says about each one. */
export const checks: readonly Check[] = [
  {
    needs: ['workload', 'model'],
    faults: ({ workload, model, models }) => {
      const isUsual = models === undefined && canonicalJson(model) === canonicalJson(usualModel);
      if (workload !== 'command' || isUsual) return [];
      const message = 'is for sigmasweep’s own networks; tell a program what it needs to know under data.options';
      return [{ path: ['model'], message }];
    },
  },
  {
    needs: ['workload', 'uncertainty'],
    faults: ({ workload, uncertainty }) => {
      if (workload !== 'command' || uncertainty === undefined) return [];
      return [
        { path: ['uncertainty'], message: 'is for sigmasweep’s own networks; a program reports its own metrics' },
      ];
    },
  },
  {
    needs: ['workload', 'data', 'weightings'],
    faults: ({ workload, data, weightings }) => {
      const known =
        workload === 'command' ? commandOptions.shape.weightings.safeParse(data['weightings']).data : undefined;
      if (known === undefined) return [];
      return weightings.flatMap((weighting, index) => {
        if (isDerived(weighting) || !methods[weighting.method].learned || known.includes(weighting.method)) return [];
        const message = `must be one that the program implements, by data.weightings (${known.join(', ')}); found ${weighting.method}`;
        return [{ path: ['weightings', index, 'method'], message }];
      });
    },
  },
  {
    needs: ['workload', 'data', 'tasks', 'uncertainty'],
    faults: (spec) =>
      (spec.uncertainty?.heteroscedastic ?? []).flatMap((task, index) => {
        const message = faultOfNoise(findTask(spec, task)?.kind);
        return message === undefined ? [] : [{ path: ['uncertainty', 'heteroscedastic', index], message }];
      }),
  },
  {
    needs: ['workload', 'data', 'uncertainty', 'weightings'],
    faults: (spec) =>
      spec.weightings.flatMap((weighting, index) => {
        if (isDerived(weighting)) return [];
        const noisy = (spec.uncertainty?.heteroscedastic ?? []).filter((task) => weighting.tasks.includes(task));
        const message = faultOfNoisyLosses(weighting, typedTasks(spec, noisy));
        const field = 'normalise' in weighting ? 'normalise' : 'method';
        return message === undefined ? [] : [{ path: ['weightings', index, field], message }];
      }),
  },
  {
    needs: ['tasks', 'grid'],
    faults: ({ tasks, grid }) => {
      if (grid?.simplex === undefined || countGrid({ tasks, grid }) > 0n) return [];
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
    needs: ['model', 'models'],
    faults: (spec) => {
      const models = modelsOf(spec);
      const first = new Map<string, FieldPath>();
      return models.flatMap(({ path, config }) => {
        const identity = canonicalJson(config);
        const before = first.get(identity);
        first.set(identity, before ?? path);
        return before === undefined ? [] : [{ path, message: `is the same as ${writePath(before)}` }];
      });
    },
  },
  {
    needs: ['workload', 'data', 'tasks', 'model', 'models'],
    faults: (spec) =>
      modelsOf(spec).flatMap(({ path, config }) => {
        const message = faultOfEncoder(config, typedTasks(spec, spec.tasks));
        return message === undefined ? [] : [{ path: [...path, 'encoder'], message }];
      }),
  },
  {
    needs: ['workload', 'data', 'tasks', 'model', 'models'],
    faults: (spec) =>
      modelsOf(spec).flatMap(({ config }) => {
        const message = faultOfTasks(config, typedTasks(spec, spec.tasks));
        return message === undefined ? [] : [{ path: ['tasks'], message }];
      }),
  },
  {
    needs: ['model', 'models', 'optimizer'],
    faults: (spec) => {
      const models = modelsOf(spec).map(({ config }) => config.name);
      const groups = models.flatMap((name) => (catalog[name] as ModelInfo).groups);
      return architectureGroups
        .filter((group) => Object.hasOwn(spec.optimizer.learningRates, group) && !groups.includes(group))
        .map((group) => ({
          path: ['optimizer', 'learningRates', group],
          message: `is no group of ${models.join(' or ')}`,
        }));
    },
  },
  {
    needs: ['model', 'models', 'weightings'],
    faults: (spec) =>
      modelsOf(spec).flatMap(({ config, path }) =>
        spec.weightings.flatMap((weighting, index) => {
          const message = isDerived(weighting) ? undefined : faultOfPair(config, weighting);
          const field = 'gradients' in weighting ? 'gradients' : 'method';
          const where = spec.models === undefined ? '' : ` (${writePath(path)})`;
          return message === undefined ? [] : [{ path: ['weightings', index, field], message: `${message}${where}` }];
        }),
      ),
  },
  {
    needs: ['transfer'],
    faults: ({ transfer }) => {
      if (transfer === undefined || (transfer.trial === undefined) !== (transfer.file === undefined)) return [];
      const found = transfer.trial === undefined ? 'neither' : 'both';
      return [{ path: ['transfer'], message: `must name a trial or a file; found ${found}` }];
    },
  },
  {
    needs: ['transfer', 'model', 'models'],
    faults: (spec) => {
      const wanted = spec.transfer?.trainBlocks ?? 0;
      return modelsOf(spec).flatMap(({ path, config }) => {
        const blocks = config.encoder.channels.length;
        if (wanted <= blocks) return [];
        const message = `must be at most the ${blocks} blocks of ${writePath([...path, 'encoder'])}; found ${wanted}`;
        return [{ path: ['transfer', 'trainBlocks'], message }];
      });
    },
  },
  {
    needs: ['transfer', 'optimizer', 'weightings', 'model', 'models'],
    faults: (spec) => {
      const { learningRates } = spec.optimizer;
      const frozen =
        spec.transfer?.trainBlocks === 0
          ? 'transfer.trainBlocks is 0'
          : learningRates['encoder'] === 0
            ? 'optimizer.learningRates.encoder is 0'
            : undefined;
      if (frozen === undefined) return [];
      const groups = modelsOf(spec).map(({ config }) => (catalog[config.name] as ModelInfo).groups);
      // What an architecture shares beside its encoder still moves, but the last shared layer is the encoder's.
      const isStuck = groups.some((others) => others.every((group) => learningRates[group] === 0));
      return spec.weightings.flatMap((weighting, index) => {
        const space = isDerived(weighting) ? undefined : gradientSpaceOf(weighting);
        if (space === undefined || !(isStuck || space === 'last-layer')) return [];
        const message = isStuck
          ? 'decides how the shared part of the network moves, which it does not'
          : 'compares gradients on the last shared layer, which does not move';
        return [{ path: ['weightings', index, 'method'], message: `${message}: ${frozen}` }];
      });
    },
  },
  {
    needs: ['tasks', 'grid', 'search', 'weightings', 'baselines', 'seeds', 'limits', 'model', 'models', 'tuning'],
    faults: (spec) => {
      const { settings, trials } = countTrials(spec);
      if (settings === 0) {
        return [
          { path: ['grid'], message: 'is missing, and so are search, weightings and baselines: nothing to train' },
        ];
      }
      if (trials <= spec.limits.trials) return [];
      const count = `${written(settings)} settings × ${written(spec.seeds.length)} seeds = ${written(trials)} trials`;
      return [{ path: ['grid'], message: `gives ${count}; limits.trials allows ${written(spec.limits.trials)}` }];
    },
  },
  { needs: ['tasks', 'grid', 'search', 'weightings', 'baselines'], faults: derivedRowFaults },
  { needs: ['workload', 'data', 'tasks', 'grid', 'weightings', 'baselines', 'search'], faults: searchFaults },
  {
    needs: ['workload', 'data', 'tasks', 'grid', 'weightings', 'baselines', 'stopping'],
    faults: (spec) => {
      const { stopping } = spec;
      if (stopping === undefined) return [];
      const message = faultOfCriterion(spec, stopping.metric);
      if (message !== undefined) return [{ path: ['stopping', 'metric'], message }];
      if (stopping.metric !== deltaCriterion || stopping.exempt.includes('baselines')) return [];
      const needed = 'must hold baselines where metric is delta-m, which is measured against them';
      return [{ path: ['stopping', 'exempt'], message: needed }];
    },
  },
  {
    needs: ['workload', 'data', 'tasks', 'grid', 'weightings', 'baselines', 'search', 'stopping', 'tuning'],
    faults: tuningFaults,
  },
  {
    needs: ['epochs', 'stopping'],
    faults: ({ epochs, stopping }) => {
      if (stopping === undefined || stopping.minEpochs < epochs) return [];
      const message = `must be below the ${epochs} epochs of a training, or nothing is ever stopped; found ${stopping.minEpochs}`;
      return [{ path: ['stopping', 'minEpochs'], message }];
    },
  },
];
