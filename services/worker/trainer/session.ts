import type { TrainedWorkloadName } from '../../shared/catalog/workloads.js';
import { errorRecord } from '../../shared/errors.js';
import { taskKindImplementations } from '../workloads/registry.js';
import type { FromTrainer, ToTrainer } from '../trainer-protocol.js';
import type { OpenWorkload } from '../workloads/workload.js';
import { DeviceFailure } from '../backends/device-failure.js';
import { causeOf, isRetryable } from './errors.js';
import { rehearse } from './rehearse.js';
import { abandoned, train } from './train.js';
import type { WorkloadCache } from './workload-cache.js';

/**
 * The child's side of the protocol: trains the trials it is told to, one after the other, and answers each with exactly
 * one of `succeeded`, `failed` and `stopped`.
 */
export class TrainerSession {
  private running: AbortController | undefined;

  constructor(
    private readonly backend: string,
    private readonly cache: WorkloadCache,
    private readonly say: (message: FromTrainer) => void,
    /** Aborted when the device can compute no more; see UsableBackend. */
    private readonly deviceFailure?: AbortSignal,
  ) {}

  /** Takes a message of the agent; a stop without a running trial changes nothing. */
  receive(message: ToTrainer): void {
    if (message.type === 'stop') {
      this.running?.abort(message.checkpoint ? undefined : abandoned);
      return;
    }
    if (this.running !== undefined) throw new Error('the agent sent a trial while another was training');
    const controller = new AbortController();
    this.running = controller;
    void this.train(message, controller.signal).then((answer) => {
      this.running = undefined;
      this.say(answer);
    });
  }

  private async train(
    { config, checkpointFolder, resume, network }: Extract<ToTrainer, { type: 'train' }>,
    signal: AbortSignal,
  ): Promise<FromTrainer> {
    try {
      this.say({ type: 'log', level: 'info', text: `opening ${config.workload}` });
      if (config.workload === 'rehearsal') return { type: await rehearse(config, this.say, signal) };
      if (config.workload === 'command') {
        throw new Error('a command is run by the agent, not by a trainer of this kind');
      }
      const workload = await this.open(config.workload, config.data);
      const end = await train(config, {
        workload,
        kinds: taskKindImplementations,
        backend: this.backend,
        say: this.say,
        signal,
        checkpointFolder,
        resume,
        network,
        deviceFailure: this.deviceFailure,
      });
      return { type: end };
    } catch (thrown) {
      const error = await causeOf(thrown, this.deviceFailure);
      return {
        type: 'failed',
        error: errorRecord(error),
        retryable: isRetryable(error),
        ends: error instanceof DeviceFailure,
      };
    }
  }

  private async open(workload: TrainedWorkloadName, data: unknown): Promise<OpenWorkload> {
    const signOfLife = setInterval(() => this.say({ type: 'opening' }), 1000);
    try {
      return await this.cache.open(workload, data);
    } finally {
      clearInterval(signOfLife);
    }
  }
}
