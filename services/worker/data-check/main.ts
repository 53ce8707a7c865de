/**
 * Says what is in a data set, for programs that read none themselves:
 * `node dist/services/worker/data-check/main.js --spec sweep.yaml --cache <folder> --data <data root>`, or
 * `--workload nyuv2 --folder <folder under the data root>` in place of the spec. Prints one line of JSON, a DataAnswer.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { OwnWorkloads } from '../../shared/catalog/own-workloads.js';
import { workloadNames, workloads, type TrainedWorkloadName } from '../../shared/catalog/workloads.js';
import type { DataAnswer } from '../../shared/data-report.js';
import { errorRecord, SigmasweepError } from '../../shared/errors.js';
import { parseSweepSpec } from '../../shared/sweep-spec/parse.js';
import { readSpecText } from '../../shared/sweep-spec/read-text.js';
import { SpecError } from '../../shared/sweep-spec/spec-error.js';
import { WorkloadCache } from '../trainer/workload-cache.js';
import { loadOwnWorkloads } from '../workloads/own/load.js';
import { examine } from './examine.js';

interface Wanted {
  readonly workload: TrainedWorkloadName;
  readonly data: Readonly<Record<string, unknown>>;
}

function isReadHere(name: string): name is TrainedWorkloadName {
  return workloadNames.some((known) => known === name) && name !== 'rehearsal' && name !== 'command';
}

function wantedOf(workload: string, data: Readonly<Record<string, unknown>>): Wanted {
  if (isReadHere(workload)) return { workload, data };
  const known = workloadNames.filter((name) => isReadHere(name));
  throw new SigmasweepError('DATA_NONE', `The workload ${workload} has no data that a worker reads`, {
    hint: `These have: ${known.join(', ')}.`,
  });
}

/** Broken files are what is looked for: the first one must not end it. */
const option = { broken: 'skip' } as const;

function ofSpec(file: string, quick: boolean, own: OwnWorkloads): Wanted {
  const spec = parseSweepSpec(readSpecText(readFileSync(file, 'utf8'), basename(file)), { quick, own });
  return wantedOf(spec.workload, 'broken' in spec.data ? { ...spec.data, ...option } : spec.data);
}

async function answer(): Promise<DataAnswer> {
  const { values } = parseArgs({
    options: {
      spec: { type: 'string' },
      quick: { type: 'boolean', default: false },
      workload: { type: 'string' },
      folder: { type: 'string' },
      cache: { type: 'string', default: '.sigmasweep/cache' },
      data: { type: 'string' },
      own: { type: 'string', multiple: true, default: [] },
      'own-from': { type: 'string', default: '.' },
    },
  });
  try {
    const own = await loadOwnWorkloads({ places: values.own, folder: values['own-from'] }, values.cache);
    const { workload, data } =
      values.spec === undefined
        ? wantedOf(values.workload ?? '', { ...(values.folder === undefined ? {} : { folder: values.folder }) })
        : ofSpec(values.spec, values.quick, new Map(own.map(({ entry }) => [entry.name, entry])));
    const cache = new WorkloadCache({ cacheFolder: values.cache, dataFolder: values.data }, own);
    const opened = await cache.open(workload, data);
    const { folder } = workloads[workload].options.loose().parse(data);
    return {
      report: await examine(opened, { workload, ...(typeof folder === 'string' ? { folder } : {}) }),
    };
  } catch (error) {
    const { code, message, hint } = errorRecord(error);
    const faults = error instanceof SpecError ? { faults: [...error.faults] } : {};
    return { error: { code, message, ...(hint === undefined ? {} : { hint }), ...faults } };
  }
}

process.stdout.write(`${JSON.stringify(await answer())}\n`);
