import { canonicalJson } from '../../shared/canonical-json.js';
import { modelConfig } from '../../shared/catalog/models.js';
import type { SweepSpec } from '../../shared/sweep-spec/parse.js';
import type { PreviewRow } from './preview.js';

/** A trial that has run from its start to its success without an interruption. */
export interface PastRun {
  readonly workload: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly tasks: readonly string[];
  readonly method: string;
  readonly model: unknown;
  readonly batchSize: number;
  readonly epochs: number;
  /** Optimizer steps of the whole trial. */
  readonly steps: number;
  /** From its claim to its result, evaluation and start of the trainer included. */
  readonly seconds: number;
  readonly backend: string;
  readonly device: string;
}

/** A worker that is here. */
export interface Capacity {
  readonly backend: string;
  readonly device: string;
  readonly slots: number;
}

/** How long a sweep would take, in seconds; undefined is unknown. */
export interface TimeEstimate {
  /** Of all trials together, on one slot. */
  readonly training: number | undefined;
  /** On the slots that are here, from now; the trials that wait already come first and are not in it. */
  readonly wall: number | undefined;
  readonly slots: number;
  /** Seconds of one trial of each row, in the rows' order. */
  readonly perTrial: readonly (number | undefined)[];
  /** Past trials that the rates are taken from. */
  readonly runs: number;
  /** Rows whose weighting has not been trained yet: their rate is that of the other weightings. */
  readonly borrowed: number;
  /** No past trial ran on a device that is here now. */
  readonly otherDevices: boolean;
}

/** What does not change how long a step takes: the amount of data, and which data it is. */
const amounts = new Set(['train', 'validation', 'test', 'seed']);

function shapeOfData(data: Readonly<Record<string, unknown>>): string {
  return canonicalJson(Object.fromEntries(Object.entries(data).filter(([name]) => !amounts.has(name))));
}

/** As its schema writes it: a trial of an older version may say the same in another way. */
function shapeOfModel(model: unknown): string {
  return canonicalJson(modelConfig.safeParse(model).data ?? model);
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/**
 * Estimates from the step rates of past trials that trained the same network on data of the same shape with the same
 * batch size; nothing is guessed from trials of another kind.
 * @param past of the same workload
 */
export function estimateTime(
  spec: SweepSpec,
  rows: readonly PreviewRow[],
  past: readonly PastRun[],
  workers: readonly Capacity[],
): TimeEstimate {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const shape = shapeOfData(spec.data);
  const networks = new Set(rows.map((row) => canonicalJson(row.network)));
  const alike = past.filter(
    (run) =>
      run.workload === spec.workload &&
      run.batchSize === spec.batchSize &&
      shapeOfData(run.data) === shape &&
      networks.has(shapeOfModel(run.model)),
  );
  const here = alike.filter((run) => workers.some((w) => w.backend === run.backend && w.device === run.device));
  const runs = here.length > 0 ? here : alike;
  const steps = stepsOfTrial(spec, alike);
  const rates = new Map<string, number[]>();
  const note = (key: string, run: PastRun): void => {
    rates.set(key, [...(rates.get(key) ?? []), run.seconds / run.steps]);
  };
  for (const run of runs) {
    note(rateKey(shapeOfModel(run.model), run.tasks, run.method), run);
    note(rateKey(shapeOfModel(run.model), run.tasks), run);
  }
  let borrowed = 0;
  const perTrial = rows.map((row) => {
    const own = median(rates.get(rateKey(canonicalJson(row.network), row.tasks, row.method)) ?? []);
    const rate = own ?? median(rates.get(rateKey(canonicalJson(row.network), row.tasks)) ?? []);
    if (rate === undefined || steps === undefined) return undefined;
    if (own === undefined) borrowed += 1;
    return rate * steps;
  });
  const known = perTrial.filter((seconds) => seconds !== undefined);
  const complete = known.length === rows.length && rows.length > 0;
  const training = complete ? known.reduce((sum, seconds) => sum + seconds, 0) * spec.seeds.length : undefined;
  return {
    training,
    wall: training === undefined || slots === 0 ? undefined : Math.max(training / slots, ...known),
    slots,
    perTrial,
    runs: runs.length,
    borrowed,
    otherDevices: here.length === 0 && alike.length > 0,
  };
}

/** Which tasks are trained decides about heads and losses; how they are weighed, about the gradients. */
function rateKey(network: string, tasks: readonly string[], method = ''): string {
  return `${network}/${[...tasks].sort().join()}/${method}`;
}

/** Steps of a whole trial: from the number of training images, or from what past trials of the same data had. */
function stepsOfTrial(spec: SweepSpec, alike: readonly PastRun[]): number | undefined {
  const images: unknown = spec.data['train'];
  if (typeof images === 'number') return spec.epochs * Math.ceil(images / spec.batchSize);
  const same = alike.find((run) => canonicalJson(run.data) === canonicalJson(spec.data));
  return same === undefined ? undefined : (same.steps / same.epochs) * spec.epochs;
}
