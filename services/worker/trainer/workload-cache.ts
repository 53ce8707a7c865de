import { workloads, type TrainedWorkloadName } from '../../shared/catalog/workloads.js';
import { contentHash } from '../../shared/canonical-json.js';
import { SigmasweepError } from '../../shared/errors.js';
import { workloadImplementations } from '../workloads/registry.js';
import type { OpenWorkload, WorkloadFolders } from '../workloads/workload.js';

/**
 * Opens workloads and keeps the last one: the trials of a sweep share their data, and one at a time bounds the memory.
 */
export class WorkloadCache {
  private last: { readonly key: string; readonly workload: OpenWorkload } | undefined;

  constructor(private readonly folders: WorkloadFolders) {}

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
      this.last = { key, workload: await workloadImplementations[name].open(options.data, this.folders) };
    }
    return this.last.workload;
  }
}
