import type { ImageFolderOptions } from '../../../shared/catalog/data-sets.js';
import { SigmasweepError } from '../../../shared/errors.js';
import type { DataFolder } from '../files/data-folder.js';
import { readCsv } from '../files/csv.js';
import { pictureEndings } from '../files/picture-file.js';
import type { Split } from '../workload.js';

/** A picture with what is said of it; the text of each task, in the tasks' order. */
export interface LabelledPicture {
  readonly file: string;
  readonly texts: readonly string[];
  /** Where a column `split` says it; undefined where it is to be chosen. */
  readonly split: Split | undefined;
}

/** What stands where nothing is known. */
export const unknownTexts: readonly string[] = ['', '?'];

/**
 * The pictures of a folder with their labels: of the folder that each lies in, or of a table.
 * @throws SigmasweepError DATA_LABELS, DATA_CSV; BrokenFile when the table cannot be read
 */
export async function labelledPictures(data: DataFolder, options: ImageFolderOptions): Promise<LabelledPicture[]> {
  return options.csv === undefined ? fromFolders(data, options) : fromTable(data, options.csv, options);
}

async function fromFolders(data: DataFolder, options: ImageFolderOptions): Promise<LabelledPicture[]> {
  const read = folderReader(options);
  const files = await data.list('', (file) => pictureEndings.test(file));
  return files.map((file) => {
    const parts = file.split('/');
    return { file, texts: read(parts.at(-2) ?? '', file), split: splitNames[parts[0] ?? ''] };
  });
}

/** Reads the labels of a folder's name, in the tasks' order. */
function folderReader({ tasks, folderName }: ImageFolderOptions): (folder: string, file: string) => string[] {
  const names = Object.keys(tasks);
  const pattern = folderName ?? (names.length === 1 ? `{${names.join('')}}` : undefined);
  if (pattern === undefined) {
    throw new SigmasweepError('DATA_LABELS', `Nothing says where the labels of ${names.join(', ')} are`, {
      hint: `Set data.folderName, such as ${names.map((name) => `{${name}}`).join('_')}, or data.csv.`,
    });
  }
  const parts = pattern.split(/(\{[^{}]*\})/);
  const placed = parts.filter((_, index) => index % 2 === 1).map((part) => part.slice(1, -1));
  if (names.some((name) => placed.filter((one) => one === name).length !== 1) || placed.length !== names.length) {
    const found = `data.folderName has places for ${placed.join(', ') || 'nothing'}`;
    throw new SigmasweepError('DATA_LABELS', `${found}; the tasks are ${names.join(', ')}, each of them once`);
  }
  const matched = parts.map((part, index) => (index % 2 === 1 ? '(.+?)' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  const form = new RegExp(`^${matched.join('')}$`, 'u');
  return (folder, file) => {
    const words = form.exec(folder);
    if (words === null) {
      throw new SigmasweepError(
        'DATA_LABELS',
        `${file} lies in the folder ${folder || '(none)'}; ${pattern} is expected`,
        {
          hint: 'Rename the folder, change data.folderName, or give the labels in a table (data.csv).',
        },
      );
    }
    return names.map((name) => words[placed.indexOf(name) + 1] ?? '');
  };
}

/** Folders and entries of a column `split` that name one. */
const splitNames: Readonly<Record<string, Split>> = {
  train: 'train',
  val: 'validation',
  validation: 'validation',
  test: 'test',
};

async function fromTable(data: DataFolder, csv: string, { tasks }: ImageFolderOptions): Promise<LabelledPicture[]> {
  const names = Object.keys(tasks);
  const { columns, rows } = readCsv((await data.read(csv)).toString('utf8'), csv);
  const missing = ['path', ...names].filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new SigmasweepError(
      'DATA_LABELS',
      `${csv} has the columns ${columns.join(', ')}; ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
      { hint: 'It needs a column path, relative to the folder of the data set, and one for each task.' },
    );
  }
  return rows.map((row) => {
    const named = row['split'] ?? '';
    const split = splitNames[named];
    if (named !== '' && split === undefined) {
      throw new SigmasweepError('DATA_LABELS', `${csv} has the split ${named}; train, validation and test are known`);
    }
    return { file: row['path'] ?? '', texts: names.map((name) => row[name] ?? ''), split };
  });
}
