import { resolve } from 'node:path';
import { dataAnswer, type DataReport } from '../../shared/data-report.js';
import { SigmasweepError } from '../../shared/errors.js';
import { SpecError } from '../../shared/sweep-spec/spec-error.js';
import { stateFolder } from '../stack/state-folder.js';
import type { Terminal } from '../verbs/verb.js';
import { runWorkerProgram } from '../worker-program.js';

/** Which data set, and where it lies. */
export interface DataQuestion {
  /** `--spec FILE`, or `--workload NAME` with or without `--folder FOLDER`. */
  readonly args: readonly string[];
  /** The data root; that of the settings if left out. */
  readonly root?: string | undefined;
}

/**
 * Asks a worker's own program what is in a data set. What it decodes stays in the cache, where the workers of this
 * installation find it.
 * @throws SigmasweepError of the data set; SpecError; DATA_CHECK_FAILED when the program ends without an answer
 */
export async function askForData({ args, root }: DataQuestion, { config, environment }: Terminal): Promise<DataReport> {
  const dataRoot = root ?? config.SIGMASWEEP_DATA;
  const given = [
    ...args,
    '--cache',
    stateFolder(config.SIGMASWEEP_STATE).cache,
    ...(dataRoot === undefined ? [] : ['--data', resolve(dataRoot)]),
    ...config.SIGMASWEEP_WORKLOADS.flatMap((place) => ['--own', place]),
    '--own-from',
    resolve(config.SIGMASWEEP_WORKLOADS_FOLDER),
  ];
  const { answer: text, stderr } = await runWorkerProgram(['data-check', 'main.js'], given, environment);
  const answer = dataAnswer.parse(readAnswer(text, stderr));
  if ('report' in answer) return answer.report;
  const { code, message, hint, faults } = answer.error;
  if (faults !== undefined) throw new SpecError(faults);
  throw new SigmasweepError(code, message, hint === undefined ? {} : { hint });
}

function readAnswer(text: string, stderr: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SigmasweepError('DATA_CHECK_FAILED', `The data set could not be looked at: ${stderr}`, {
      hint: 'Where the program ran out of memory, a file of the data set may be far larger than the others. Otherwise please report it.',
      cause,
    });
  }
}
