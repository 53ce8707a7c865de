import { basename, dirname, resolve } from 'node:path';
import { workloadNames } from '../../shared/catalog/workloads.js';
import { SigmasweepError } from '../../shared/errors.js';
import { askForData, type DataQuestion } from '../data/ask-for-data.js';
import { brokenSamples, renderData } from '../data/render-data.js';
import { readSpecFile } from '../read-spec.js';
import type { Terminal, Verb } from './verb.js';

interface CheckOptions {
  readonly json?: true;
  readonly quick?: true;
  readonly root?: string;
}

/** `sigmasweep data check`: what is in a data set, and which of its files are broken. Exit code 1 when one is. */
export const data: Verb = {
  register(program, terminal) {
    program
      .command('data')
      .description('look at a data set')
      .command('check')
      .description('what is in a data set, and which files are broken: sizes, types, ranges, classes; needs no stack')
      .argument('<what>', 'a spec file, or the name of a workload')
      .argument(
        '[folder]',
        'folder of the data set, under the data root or as a path (./nyuv2); its usual one if left out',
      )
      .option('--quick', "lay the spec's quick block over it")
      .option('--root <folder>', 'the data root (default: SIGMASWEEP_DATA)')
      .option('--json', 'for programs')
      .action((what: string, folder: string | undefined, options: CheckOptions) =>
        check(questionOf(what, folder, options), options, terminal),
      );
  },
};

async function check(question: DataQuestion, { json }: CheckOptions, terminal: Terminal): Promise<void> {
  terminal.status('reading the data set; the first time this takes a while …');
  const report = await askForData(question, terminal);
  if (json === true) terminal.print(JSON.stringify(report, undefined, 2));
  else for (const line of renderData(report, terminal.colour)) terminal.print(line);
  if (brokenSamples(report) > 0) process.exitCode = 1;
}

function questionOf(what: string, folder: string | undefined, { quick, root }: CheckOptions): DataQuestion {
  if (workloadNames.some((name) => name === what)) {
    // A path is looked at where it is, whatever the data root is.
    const isPath = folder !== undefined && /^(\.{1,2}(\/|$)|\/)/.test(folder);
    if (!isPath) return { args: ['--workload', what, ...(folder === undefined ? [] : ['--folder', folder])], root };
    const path = resolve(folder);
    return { args: ['--workload', what, '--folder', basename(path)], root: dirname(path) };
  }
  if (!/\.(ya?ml|json)$/i.test(what)) {
    throw new SigmasweepError('DATA_UNKNOWN', `${what} is neither a spec file nor a workload`, {
      hint: `Name a .yaml or .json file, or one of ${workloadNames.join(', ')}.`,
    });
  }
  if (folder !== undefined) {
    throw new SigmasweepError('DATA_FOLDER_TWICE', `${what} says itself which folder it is: data.folder`, {
      hint: 'Leave the folder out, or name the workload in place of the spec.',
    });
  }
  readSpecFile(what, quick === true);
  return { args: ['--spec', resolve(what), ...(quick === true ? ['--quick'] : [])], root };
}
