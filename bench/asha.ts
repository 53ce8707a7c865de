import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scoreOf } from '../services/shared/criterion.js';
import { connectDatabase, type Database } from '../services/shared/db/connect.js';
import { deltaCriterion } from '../services/shared/derivation.js';
import { readSpecText } from '../services/shared/sweep-spec/read-text.js';
import { packageRoot } from '../services/shared/version.js';
import type { BenchRecord } from './record.js';

const seeds = [1, 2, 3];
const size = { data: { train: 100, validation: 50, test: 16 }, epochs: 12 };
const stopping = { rule: 'asha', metric: deltaCriterion, minEpochs: 1, reduction: 4 };
/** Kept until the figures are there: a run that was cut short goes on from where it was. */
const folder = join(tmpdir(), 'sigmasweep-bench-asha');
const source = { workload: 'street-scenes' };

/**
 * The grid of example (a), all of it and with ASHA, each seed as a sweep of its own through the whole product: which
 * part of the grid's epochs ASHA trains, baselines included, and what it loses by the validation Δm of its choice.
 */
export async function run(): Promise<readonly BenchRecord[]> {
  mkdirSync(folder, { recursive: true });
  for (const seed of seeds) {
    for (const stopped of [false, true]) await train(nameOf(seed, stopped), { seeds: [seed], stopped });
  }
  await sigmasweep(['up', '--workers', '0']);
  try {
    const { databaseUrl } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { databaseUrl: string };
    const database = connectDatabase(databaseUrl, 2);
    try {
      const pairs = [];
      for (const seed of seeds) {
        pairs.push({
          seed,
          grid: await readEnd(database, nameOf(seed, false)),
          asha: await readEnd(database, nameOf(seed, true)),
        });
      }
      return recordsOf(pairs);
    } finally {
      await database.$disconnect();
    }
  } finally {
    await sigmasweep(['down']);
    rmSync(folder, { recursive: true, force: true });
  }
}

function nameOf(seed: number, stopped: boolean): string {
  return `grid of example (a), seed ${String(seed)}${stopped ? ', ASHA' : ''}`;
}

async function train(name: string, { seeds: own, stopped }: { seeds: number[]; stopped: boolean }): Promise<void> {
  const file = 'class-depth.yaml';
  const example = readSpecText(readFileSync(join(packageRoot, 'examples', file), 'utf8'), file) as object;
  const spec = {
    ...example,
    ...size,
    name,
    weightings: [],
    quick: undefined,
    seeds: own,
    ...(stopped ? { stopping } : {}),
  };
  const path = join(folder, `${String(own[0])}-${String(stopped)}.json`);
  writeFileSync(path, JSON.stringify(spec));
  await sigmasweep(['run', path, '--exit']);
}

function sigmasweep(words: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(packageRoot, 'bin', 'sigmasweep.js'), ...words], {
    cwd: packageRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SIGMASWEEP_STATE: folder },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`sigmasweep ${words.join(' ')} ended with code ${String(code)}`));
    });
  });
}

interface End {
  /** Epochs that were trained, in parts where a training was stopped within one. */
  readonly epochs: number;
  /** Validation Δm after the last epoch of each point that trains both tasks and got there. */
  readonly scores: ReadonlyMap<string, number>;
}

async function readEnd(database: Database, name: string): Promise<End> {
  const trials = await database.trial.findMany({
    where: { sweep: { name } },
    include: { setting: true },
  });
  const last = await database.metric.findMany({
    where: { trialId: { in: trials.map(({ id }) => id) }, split: 'validation', epoch: size.epochs },
  });
  const epochs = trials.reduce((sum, { state, step, steps }) => {
    if (state === 'succeeded') return sum + size.epochs;
    return sum + (step === null || steps === null ? 0 : (size.epochs * step) / steps);
  }, 0);
  const ended = trials
    .filter(({ state }) => state === 'succeeded')
    .map(({ id, setting }) => {
      const metrics = last.filter(({ trialId }) => trialId === id);
      const valueOf = (task: string, metric: string): number =>
        metrics.find((one) => one.task === task && one.metric === metric)?.value ?? Number.NaN;
      return { setting, valueOf };
    });
  const baselineOf = (task: string, metric: string): number =>
    ended.find(({ setting }) => setting.kind === 'single' && setting.tasks.includes(task))?.valueOf(task, metric) ??
    Number.NaN;
  const scores = ended.flatMap(({ setting, valueOf }): [string, number][] => {
    const score = scoreOf(deltaCriterion, source, setting.tasks, valueOf, baselineOf);
    return score === undefined ? [] : [[setting.key, score]];
  });
  return { epochs, scores: new Map(scores) };
}

function bestOf(scores: End['scores']): [string, number] {
  const best = [...scores].reduce<[string, number] | undefined>(
    (top, one) => (top === undefined || one[1] > top[1] ? one : top),
    undefined,
  );
  if (best === undefined) throw new Error('no point of the grid got to its last epoch');
  return best;
}

/** Where a point stands in a grid, and what it loses against the grid's best. */
function standingOf(point: string, scores: End['scores']): { rank: number; loss: number } {
  const value = scores.get(point) ?? Number.NaN;
  const rank = 1 + [...scores.values()].filter((score) => score > value).length;
  return { rank, loss: bestOf(scores)[1] - value };
}

function recordsOf(pairs: readonly { seed: number; grid: End; asha: End }[]): BenchRecord[] {
  const seen = pairs.map(({ seed, grid, asha }) => {
    const [wanted] = bestOf(grid.scores);
    const [found] = bestOf(asha.scores);
    const { rank, loss } = standingOf(found, grid.scores);
    const share = (100 * asha.epochs) / grid.epochs;
    process.stdout.write(
      `seed ${String(seed)}: ${share.toFixed(1)} % of the epochs; ASHA ${found}, grid ${wanted}; rank ${String(rank)}, loses ${loss.toFixed(2)}\n`,
    );
    return { share, rank, loss };
  });
  // What a choice is worth when another seed's whole grid made it: no rule can be asked to do better than its training twice.
  const elsewhere = pairs.flatMap(({ grid }) =>
    pairs.filter((other) => other.grid !== grid).map((other) => standingOf(bestOf(other.grid.scores)[0], grid.scores)),
  );
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const comparedWith = `the whole grid of example (a), ${String(seeds.length)} seeds, ${String(size.data.train)} images, ${String(size.epochs)} epochs`;
  const name = (what: string): string => `ASHA (one in ${String(stopping.reduction)}) on example (a): ${what}`;
  return [
    {
      name: name('epochs trained'),
      value: mean(seen.map(({ share }) => share)),
      unit: '%',
      comparedWith: `${comparedWith}; goal: 40 %`,
    },
    {
      name: name('seeds with the grid’s best point'),
      value: seen.filter(({ rank }) => rank === 1).length,
      unit: `of ${String(seeds.length)}`,
      comparedWith,
    },
    {
      name: name('mean rank of its choice in the grid'),
      value: mean(seen.map(({ rank }) => rank)),
      unit: 'of 9',
      comparedWith,
    },
    {
      name: name('mean rank of what the whole grid chooses with another seed'),
      value: mean(elsewhere.map(({ rank }) => rank)),
      unit: 'of 9',
      comparedWith: `${comparedWith}; what the same training twice is worth`,
    },
    {
      name: name('validation Δm lost by what the whole grid chooses with another seed'),
      value: mean(elsewhere.map(({ loss }) => loss)),
      unit: 'points',
      comparedWith: `${comparedWith}; what the same training twice is worth`,
    },
    {
      name: name('validation Δm lost by its choice'),
      value: mean(seen.map(({ loss }) => loss)),
      unit: 'points',
      comparedWith,
    },
  ];
}
