import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../shared/ids.js';
import type { Logger } from '../../shared/log.js';
import type { ControlMessage } from '../../shared/messages/workers.js';
import type { Connection } from '../../shared/nats/connect.js';
import { openCheckpointStore } from '../../shared/nats/open-checkpoint-store.js';
import type { BackendRequest } from '../../shared/trial-config.js';
import { softwareVersion } from '../../shared/version.js';
import type { CheckpointPlace } from './checkpoints/fetch.js';
import { workFolder } from './checkpoints/work-folder.js';
import type { Commands } from './commands/command-settings.js';
import { ProcessGuard } from './commands/guard.js';
import type { ProgramContext } from './commands/program-trainer.js';
import { subscribeControl } from './control.js';
import { NatsLink } from './link.js';
import { machineFacts } from './machine.js';
import { settlesWithin } from './pause.js';
import { metrics } from './metrics.js';
import { Patience } from './patience.js';
import { Presence, type WorkerFacts } from './presence.js';
import { ReportStream, type ReportSink } from './reports/report-stream.js';
import { Slot } from './slot/slot.js';
import type { TrainerSource } from './slot/trainer.js';
import { TrainerProcess, type TrainerFacts } from './slot/trainer-process.js';
import { TrainerSupply } from './slot/trainer-supply.js';
import { decideSlots, threadLimits, threadsOfTrainer } from './slots.js';
import { TrialSource } from './trial-source.js';

export interface AgentOptions {
  readonly connection: Connection;
  readonly name: string;
  /** Trials at once; 0 = as many as fit. */
  readonly slots: number;
  readonly backend: BackendRequest;
  readonly cacheFolder: string;
  /** `SIGMASWEEP_CHECKPOINTS`: where checkpoints are kept. */
  readonly checkpoints: string;
  /** What sweeps may ask for by their requirements. */
  readonly labels: readonly string[];
  /** The programs that it may run. */
  readonly commands: Commands;
  /** Workloads that it brings along: files and packages, seen from a folder. */
  readonly workloads?: readonly string[];
  readonly workloadsFolder?: string;
  /** The data root; undefined where there is none. */
  readonly dataFolder?: string | undefined;
  /** `SIGMASWEEP_NETWORKS`: where files of networks to start from are. */
  readonly networks: string;
  /** Environment of the trainer processes. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/** What an agent is made of. */
export interface AgentParts {
  readonly link: NatsLink;
  /** Where reports go. */
  readonly sink: ReportSink;
  /** One for each slot. */
  readonly supplies: readonly TrainerSource[];
  readonly facts: WorkerFacts;
  readonly checkpoints: CheckpointPlace;
  readonly commands: Commands;
  readonly programs: ProgramContext;
  readonly logger: Logger;
}

/** Parts of the time that stopping may take, milliseconds: reports, then trainers, then what is still to be sent. */
const stopTimes = { reports: 11_000, trainers: 2000, connection: 1500 };

/** Keeps what TensorFlow says of every start out of the logs of trials; warnings and errors stay. */
const quietTensorflow = { TF_CPP_MIN_LOG_LEVEL: '1' };

/** The worker agent: pulls trials, claims them, has them trained by its trainer processes and reports what they say. */
export class Agent {
  readonly facts: WorkerFacts;
  private readonly link: NatsLink;
  private readonly supplies: readonly TrainerSource[];
  private readonly checkpoints: CheckpointPlace;
  private readonly programs: ProgramContext;
  private readonly stopping = new AbortController();
  private readonly slots: readonly Slot[];
  private readonly running: Promise<unknown>;
  private readonly presence: Presence;
  private readonly unsubscribe: () => void;
  private readonly logger: Logger;

  /** Begins to pull trials. */
  constructor({ link, sink, supplies, facts, checkpoints, commands, programs, logger }: AgentParts) {
    this.link = link;
    this.supplies = supplies;
    this.facts = facts;
    this.checkpoints = checkpoints;
    this.programs = programs;
    this.logger = logger;
    const { workerId } = facts;
    // Every slot listens to it, and Node warns of the eleventh.
    setMaxListeners(0, this.stopping.signal);
    const context = {
      workerId,
      link,
      source: new TrialSource(link, logger),
      sink,
      checkpoints,
      patience: new Patience(),
      labels: facts.labels,
      commands,
      programs,
      logger,
      stopping: this.stopping.signal,
      changed: () => {
        metrics.busySlots.set(this.slots.filter(({ running }) => running !== undefined).length);
        this.presence.announce();
      },
    };
    metrics.slots.set(supplies.length);
    this.slots = supplies.map((supply) => new Slot(supply, context));
    this.presence = new Presence(link, facts, () => this.slots.flatMap(({ running }) => running?.trial.trialId ?? []));
    this.unsubscribe = subscribeControl(link, workerId, this.control, logger);
    this.presence.start();
    this.running = Promise.all(this.slots.map((slot) => slot.run()));
  }

  /**
   * Starts a trainer, and with what it says of its backend as many slots as fit; resolves when trials are pulled.
   * @throws SigmasweepError BACKEND_UNUSABLE or TRAINER_NOT_STARTED when the first trainer cannot be started
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const machine = machineFacts();
    const threads = threadsOfTrainer({ requested: options.slots, ...machine });
    const environment = { ...quietTensorflow, ...options.environment, ...threadLimits(threads) };
    const { cacheFolder, dataFolder } = options;
    const ownWorkloads = { places: options.workloads ?? [], folder: options.workloadsFolder ?? '.' };
    const workerId = newId('worker');
    const logger = options.logger.child({ workerId });
    const startTrainer = (backend: BackendRequest): TrainerProcess =>
      new TrainerProcess({ backend, cacheFolder, dataFolder, ownWorkloads, threads, environment, logger });
    const first = startTrainer(options.backend);
    let trainer: TrainerFacts;
    try {
      trainer = await first.ready;
    } catch (error) {
      await first.close(stopTimes.trainers);
      throw error;
    }
    const { slots, reason } = decideSlots({
      requested: options.slots,
      ...machine,
      threads: trainer.threads,
      gpuBytes: trainer.threads === undefined ? trainer.memoryBytes : undefined,
    });
    logger.info(
      { backend: trainer.backend, device: trainer.device, slots },
      `trains up to ${slots} at once (${reason}); backend: ${trainer.backendReason}`,
    );
    // The others take what the first has chosen: trying the better ones again takes seconds, and a worker has one backend.
    const startAnother = (): TrainerProcess => startTrainer(trainer.backend);
    const supplies = Array.from(
      { length: slots },
      (_, index) => new TrainerSupply(startAnother, logger, index === 0 ? first : undefined),
    );
    const facts: WorkerFacts = {
      workerId,
      name: options.name,
      host: hostname().slice(0, 200),
      pid: process.pid,
      softwareVersion,
      backend: trainer.backend.slice(0, 50),
      backendReason: trainer.backendReason.slice(0, 2000),
      device: trainer.device.slice(0, 200),
      driver: trainer.driver?.slice(0, 200),
      memoryBytes: trainer.memoryBytes,
      threads: trainer.threads,
      slots,
      workloads: [...trainer.workloads],
      labels: [...options.labels],
      commands: [...options.commands.keys()],
    };
    const programs = { folder: join(cacheFolder, 'commands'), environment, guard: new ProcessGuard() };
    const checkpoints: CheckpointPlace = {
      store: openCheckpointStore(options.connection, options.checkpoints),
      folder: await workFolder(cacheFolder, workerId, logger),
      networks: options.networks,
    };
    const link = new NatsLink(options.connection, logger);
    const { commands } = options;
    return new Agent({ link, sink: new ReportStream(link), supplies, facts, checkpoints, commands, programs, logger });
  }

  /** Whether NATS is there. */
  get isConnected(): boolean {
    return this.link.connected;
  }

  /** Resolves with an error when the agent cannot go on; never rejects. */
  async failure(): Promise<unknown> {
    const closed = this.link.connection
      .closed()
      .then((error: unknown) => error ?? new Error('the connection to NATS was closed'));
    const broken = this.running.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => error,
    );
    return Promise.race([closed, broken]);
  }

  /**
   * Takes no more trials, hands the running ones back, sends what is to be reported and ends the trainers. Takes at most
   * about 15 seconds; what NATS has not taken by then is lost, and the leases of those trials end.
   */
  async stop(): Promise<void> {
    this.logger.info('stopping');
    this.stopping.abort();
    this.presence.stopping();
    if (!(await settlesWithin(this.running, stopTimes.reports))) {
      const left = this.slots.flatMap(({ running }) => running?.trial.trialId ?? []);
      this.logger.warn(
        { trials: left },
        'not everything could be reported in time; the leases of these trials will end',
      );
    }
    await Promise.all(this.supplies.map((supply) => supply.close(stopTimes.trainers)));
    // Programs that have not ended by now are killed.
    this.programs.guard.close();
    this.unsubscribe();
    this.presence.gone();
    await rm(this.checkpoints.folder, { recursive: true, force: true }).catch(() => undefined);
    if (!this.link.connected || !(await settlesWithin(this.link.connection.drain(), stopTimes.connection))) {
      void this.link.connection.close();
    }
    this.logger.info('stopped');
  }

  private readonly control = ({ action, trialId, attempt, reason }: ControlMessage): void => {
    const told = this.slots.find(
      ({ running }) => running?.trial.trialId === trialId && running.trial.attempt === attempt,
    );
    // One that has ended since needs no stop.
    if (action === 'hand-back') told?.running?.handBack('its sweep, or itself, was paused');
    else told?.running?.abandon(reason);
  };
}
