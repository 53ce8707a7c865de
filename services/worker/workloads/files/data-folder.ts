import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { contentHash } from '../../../shared/canonical-json.js';
import { SigmasweepError } from '../../../shared/errors.js';
import { BrokenFile } from './broken-file.js';

/** A larger file is none that a sample is read from; arrays and images are read whole. */
const mostFileBytes = 1024 ** 3;

const byName = new Intl.Collator('en', { numeric: true });

/**
 * A data set's folder under the data root. Paths are relative to it, parts separated by `/`; a link may lead to another
 * place under the root, and never out of it.
 */
export class DataFolder {
  private constructor(
    private readonly root: string,
    private readonly folder: string,
    /** As the spec names it. */
    readonly name: string,
  ) {}

  /**
   * @param root the worker's data root
   * @param name the folder as a spec names it, relative to the root
   * @throws SigmasweepError DATA_ROOT_MISSING, DATA_FOLDER_MISSING, DATA_FOLDER_OUTSIDE
   */
  static async open(root: string | undefined, name: string): Promise<DataFolder> {
    if (root === undefined) {
      throw new SigmasweepError(
        'DATA_ROOT_MISSING',
        `The data set ${name} is in files, and this worker has no data root`,
        {
          hint: 'Set SIGMASWEEP_DATA of the worker to the folder that the data sets are in.',
        },
      );
    }
    const realRoot = await realpath(root).catch((cause: unknown) => {
      throw new SigmasweepError('DATA_ROOT_MISSING', `The data root ${root} of this worker is not there`, {
        hint: 'Make the folder, or set SIGMASWEEP_DATA of the worker to another one.',
        cause,
      });
    });
    const folder = await realpath(path.join(realRoot, name)).catch((cause: unknown) => {
      throw new SigmasweepError('DATA_FOLDER_MISSING', `There is no folder ${name} under the data root ${root}`, {
        hint: 'Put the data set there, or name another folder (data.folder).',
        cause,
      });
    });
    if (!isWithin(folder, realRoot)) {
      throw new SigmasweepError('DATA_FOLDER_OUTSIDE', `The folder ${name} leads out of the data root`, {
        hint: 'A data set must lie under the data root itself; links may not lead out of it.',
      });
    }
    return new DataFolder(realRoot, folder, name);
  }

  /** Whether there is such a folder. */
  async has(folder: string): Promise<boolean> {
    return stat(path.join(this.folder, folder)).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
  }

  /**
   * Paths of the files under a folder, however deep, in the order of their names with numbers read as numbers; none where
   * there is no such folder. Links to files are among them, links to folders are not followed.
   * @param wanted told a path; whether it is one of them
   */
  async list(folder: string, wanted: (file: string) => boolean): Promise<string[]> {
    const found: string[] = [];
    const look = async (at: string): Promise<void> => {
      const entries = await readdir(path.join(this.folder, at), { withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        const file = at === '' ? entry.name : `${at}/${entry.name}`;
        if (entry.isDirectory()) await look(file);
        else if (wanted(file)) found.push(file);
      }
    };
    await look(folder);
    return found.sort((one, other) => byName.compare(one, other));
  }

  /** @throws BrokenFile when it is missing, empty, too large, or not under the root */
  async read(file: string): Promise<Buffer> {
    const real = await realpath(path.join(this.folder, file)).catch(() => {
      throw new BrokenFile('MISSING', file, 'is missing', 'Add it, or take away the other files of this sample.');
    });
    if (!isWithin(real, this.root)) {
      throw new BrokenFile('OUTSIDE', file, 'is a link that leads out of the data root', 'Copy the file itself.');
    }
    const { size } = await stat(real);
    if (size === 0) throw new BrokenFile('EMPTY', file, 'has no bytes');
    if (size > mostFileBytes) {
      throw new BrokenFile('FORMAT', file, `has ${size} bytes; at most ${mostFileBytes} are read`);
    }
    return readFile(real);
  }

  /** What identifies the content of files without reading them: names, sizes and times of change. */
  async fingerprint(files: readonly string[]): Promise<string> {
    const known: unknown[] = [];
    for (const file of files) {
      const facts = await stat(path.join(this.folder, file)).then(
        ({ size, mtimeMs }) => [size, mtimeMs],
        () => [],
      );
      known.push([file, ...facts]);
    }
    return contentHash(known);
  }
}

function isWithin(real: string, root: string): boolean {
  return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}
