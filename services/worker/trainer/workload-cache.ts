import { ownOptions } from '../../shared/catalog/own-workloads.js';
import { workloads, type TrainedWorkloadName } from '../../shared/catalog/workloads.js';
import { contentHash } from '../../shared/canonical-json.js';
import { SigmasweepError } from '../../shared/errors.js';
import type { LoadedWorkload } from '../workloads/own/load.js';
import { openOwnWorkload } from '../workloads/own/open.js';
import { workloadImplementations } from '../workloads/registry.js';
import type { OpenWorkload, WorkloadFolders } from '../workloads/workload.js';

/**
 * Opens workloads and keeps the last one: the trials of a sweep share their data, and one at a time bounds the memory.
 */
export class WorkloadCache {
  private last: { readonly key: string; readonly workload: OpenWorkload } | undefined;

  constructor(
    private readonly folders: WorkloadFolders,
    /** The workloads that this worker brings along. */
    private readonly own: readonly LoadedWorkload[] = [],
  ) {}

  /**
   * @param data options as a trial's configuration holds them
   * @throws SigmasweepError DATA_INVALID when they do not fit the workload's schema
   */
  async open(name: TrainedWorkloadName, data: unknown): Promise<OpenWorkload> {
    const options = workloads[name].options.safeParse(data);
    if (!options.success) {
      const faults = options.error.issues.map((issue) => `data.${issue.path.join('.')}: ${issue.message}`);
      throw new SigmasweepError('DATA_INVALID', `The data options of ${name} have faults: ${faults.join('; ')}`, {
        hint: 'Coordinator and worker may be of different versions.',
      });
    }
    const key = contentHash({ name, options: options.data });
    if (this.last?.key !== key) {
      this.last?.workload.close?.();
      this.last = undefined;
      this.last = { key, workload: await this.openNew(name, options.data) };
    }
    return this.last.workload;
  }

  private openNew(name: TrainedWorkloadName, options: unknown): Promise<OpenWorkload> {
    if (name !== 'own') return workloadImplementations[name].open(options, this.folders);
    const wanted = ownOptions.parse(options);
    const loaded = this.own.find(({ entry }) => entry.name === wanted.name && entry.version === wanted.version);
    if (loaded !== undefined) return openOwnWorkload(loaded, wanted, this.folders);
    const other = this.own.find(({ entry }) => entry.name === wanted.name)?.entry.version;
    throw new SigmasweepError(
      'WORKLOAD_VERSION',
      `The trial is for version ${wanted.version} of the workload ${wanted.name}; this worker has ${other ?? 'none'}`,
      { hint: 'Submit the spec again: a sweep is trained by the code that it was submitted with.' },
    );
  }
}
