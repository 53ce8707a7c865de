import { existsSync } from 'node:fs';
import { SigmasweepError } from '../../shared/errors.js';
import type { StackOptions } from '../verbs/stack-options.js';
import type { Terminal } from '../verbs/verb.js';
import { noteWhenUp } from './note-when-up.js';
import type { ProcessIdentity } from './processes.js';
import { readRunRecord, removeRunRecord, writeRunRecord, type RecordedProcess, type RunRecord } from './run-record.js';
import { dashboardName, planServices, type Addresses, type PlannedService } from './service-plan.js';
import { startService, type RunningService } from './services.js';
import { serverNames, startServers } from './start-servers.js';
import type { StateFolder } from './state-folder.js';
import { adopt, stopOrThrow, type Supervised } from './supervise.js';

/** What a command wants of its stack. */
export interface StackRequest {
  readonly terminal: Terminal;
  readonly state: StateFolder;
  readonly options: StackOptions;
  /** The command that uses the stack as long as it lives; none for `up`, which keeps it. */
  readonly user: ProcessIdentity | undefined;
  /** Aborted when the person does not want to wait for the rest. */
  readonly signal?: AbortSignal | undefined;
}

/** Everything that runs for a state folder. */
export interface BroughtUp {
  readonly record: RunRecord;
  readonly parts: readonly Supervised[];
  /** Whether something had to be started. */
  readonly startedAny: boolean;
}

/** One start: what it has started so far, and the record that follows it. */
class Attempt {
  readonly parts: Supervised[] = [];
  readonly #started: Supervised[] = [];
  #undone = false;

  constructor(
    readonly request: StackRequest,
    readonly before: RunRecord | undefined,
    public record: RunRecord,
  ) {
    this.update({});
  }

  get startedAny(): boolean {
    return this.#started.length > 0;
  }

  update(change: Partial<RunRecord>): void {
    this.record = { ...this.record, ...change };
    writeRunRecord(this.request.state, this.record);
  }

  /** Adds or replaces a process in the record. */
  write(part: Supervised, ready: boolean, asked: RecordedProcess['asked'] = {}): void {
    const others = this.record.processes.filter(({ name }) => name !== part.name);
    this.update({ processes: [...others, recorded(part, ready, asked)] });
  }

  /** Takes note of a process that this start is responsible for. */
  addStarted(part: Supervised): void {
    if (this.#undone) void part.stop();
    else this.#started.push(part);
  }

  /** Stops what this start has started, the last first, and leaves the record as it was. */
  async undo(): Promise<void> {
    this.#undone = true;
    for (const part of [...this.#started].reverse()) await part.stop().catch(() => undefined);
    const stopped = new Set(this.#started.map(({ identity }) => identity.pid));
    const processes = this.record.processes.filter(({ pid }) => !stopped.has(pid));
    if (processes.length === 0) removeRunRecord(this.request.state);
    else this.update({ processes, users: this.before?.users ?? [], keep: this.before?.keep ?? false });
  }
}

function recorded(part: Supervised, ready: boolean, asked: RecordedProcess['asked'] = {}): RecordedProcess {
  return { ...part.identity, name: part.name, log: part.logFile, ready, asked };
}

/**
 * Starts whatever of a stack does not run yet. Call it while holding the state folder's lock.
 * @throws SigmasweepError INTERRUPTED, NOT_BUILT, and what the first part that fails throws; what this call has started is
 *   stopped then, what ran before goes on
 */
export async function bringUp(request: StackRequest): Promise<BroughtUp> {
  const { terminal, state, options, user, signal } = request;
  const plan = (addresses: Addresses) =>
    planServices(options, {
      addresses,
      environment: terminal.environment,
      port: terminal.config.SIGMASWEEP_PORT,
      cache: state.cache,
    });
  requireBuilt(plan({ databaseUrl: '', natsUrl: '' }).flat());

  const { addresses, servers } = await startServers(terminal, state).catch((error: unknown) => {
    // Ctrl-C also ends the programs that fetch nats-server.
    throwIfAborted(signal);
    throw error;
  });
  const before = readRunRecord(state)?.record;
  const services = (before?.processes ?? []).filter(({ name }) => !serverNames.includes(name));
  const attempt = new Attempt(request, before, {
    version: 1,
    ...addresses,
    ...(before?.dashboardUrl === undefined ? {} : { dashboardUrl: before.dashboardUrl }),
    processes: [...servers.map((server) => recorded(server, true)), ...services],
    users: [...(before?.users ?? []).filter(({ pid }) => pid !== user?.pid), ...(user === undefined ? [] : [user])],
    keep: user === undefined || before?.keep === true,
  });
  for (const server of servers) {
    attempt.parts.push(server);
    if (!server.adopted) attempt.addStarted(server);
  }
  try {
    const usable = await stopUnusable(attempt, services, addresses);
    const planned = plan(addresses);
    const names = new Set(planned.flat().map(({ name }) => name));
    for (const service of usable) if (!names.has(service.name)) attempt.parts.push(asPart(service));
    for (const wave of planned) {
      throwIfAborted(signal);
      await unlessAborted(startWave(attempt, wave, usable), signal);
    }
  } catch (error) {
    terminal.status('stopping what was started …');
    await attempt.undo();
    throw error;
  }
  return { record: attempt.record, parts: attempt.parts, startedAny: attempt.startedAny };
}

const asPart = (process: RecordedProcess) => adopt(process.name, process, process.log);

/**
 * Stops the services that cannot be used: those of other servers (a port has changed, or another address was given), and
 * those that an interrupted start left behind.
 * @returns the others
 */
async function stopUnusable(
  attempt: Attempt,
  services: readonly RecordedProcess[],
  addresses: Addresses,
): Promise<readonly RecordedProcess[]> {
  const { before, record } = attempt;
  const sameServers = before?.databaseUrl === addresses.databaseUrl && before.natsUrl === addresses.natsUrl;
  const usable = services.filter(({ ready }) => ready && sameServers);
  const unusable = services.filter((service) => !usable.includes(service));
  await Promise.all(unusable.map((service) => stopOrThrow(service.name, service)));
  attempt.update({ processes: record.processes.filter((process) => !unusable.includes(process)) });
  return usable;
}

/** Starts what is missing of a wave; waits for all of it, also when one of it fails, so that nothing is left unwatched. */
async function startWave(
  attempt: Attempt,
  wave: readonly PlannedService[],
  usable: readonly RecordedProcess[],
): Promise<void> {
  const starts = await Promise.allSettled(
    wave.map(async (planned) => {
      const running = usable.find(({ name }) => name === planned.name);
      if (running !== undefined) {
        noteOtherSettings(attempt.request.terminal, running, planned);
        attempt.parts.push(asPart(running));
      } else attempt.parts.push(await startPlanned(attempt, planned));
    }),
  );
  for (const start of starts) if (start.status === 'rejected') throw start.reason;
}

async function startPlanned(attempt: Attempt, planned: PlannedService): Promise<RunningService> {
  const { terminal, state } = attempt.request;
  const service = await noteWhenUp(terminal, planned.name, async () => ({
    ...(await startService({
      name: planned.name,
      script: planned.script,
      env: planned.env,
      logFile: `${state.logs}/${planned.name}.log`,
      readyWithinMs: planned.readyWithinMs,
      onStarted: (process) => {
        attempt.addStarted(process);
        attempt.write(process, false, planned.asked);
      },
    })),
    adopted: false,
  }));
  attempt.write(service, true, planned.asked);
  if (planned.name === dashboardName) noteDashboard(attempt, service);
  return service;
}

function noteDashboard(attempt: Attempt, { ready }: RunningService): void {
  if (ready.url !== undefined) attempt.update({ dashboardUrl: ready.url });
  const remark = ready['note'];
  if (typeof remark === 'string') attempt.request.terminal.note(`dashboard: ${remark}, so it is at ${ready.url ?? ''}`);
}

function noteOtherSettings(terminal: Terminal, running: RecordedProcess, planned: PlannedService): void {
  const other = Object.entries(planned.asked).filter(([option, value]) => running.asked[option] !== value);
  if (other.length === 0) return;
  const options = other.map(([option, value]) => `--${option} ${value}`).join(' ');
  terminal.note(`${planned.name} runs already, without ${options}; \`sigmasweep down\` first to change that.`);
}

function requireBuilt(services: readonly PlannedService[]): void {
  const missing = services.find(({ script }) => !existsSync(script));
  if (missing === undefined) return;
  throw new SigmasweepError('NOT_BUILT', `${missing.script} does not exist.`, { hint: 'Run npm run build.' });
}

function interrupted(): SigmasweepError {
  return new SigmasweepError('INTERRUPTED', 'Interrupted while starting; what was started is stopped again.');
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw interrupted();
}

/** Waits for some work, but not after the signal is aborted: the work then goes on unseen until it is stopped. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  const abortion = new AbortController();
  try {
    await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(interrupted()), { once: true, signal: abortion.signal });
      }),
    ]);
  } finally {
    abortion.abort();
    // Its end no longer matters to anybody.
    work.catch(() => undefined);
  }
}
