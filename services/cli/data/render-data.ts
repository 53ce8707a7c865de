import type { DataReport, NumberRange, PartReport, SplitReport } from '../../shared/data-report.js';

const splitNames = ['train', 'validation', 'test'] as const;

/** So many classes are shown one by one; `--json` has all. */
const mostClasses = 40;

/** A report as lines for people: sizes, files, ranges, classes, notes, broken files. */
export function renderData(report: DataReport, colour: boolean): string[] {
  const { workload, folder, height, width, channels, splits, notes } = report;
  const paint = (code: string, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const sections: string[][] = [
    [`${workload}${folder === undefined ? '' : ` in ${folder}`}: ${height} × ${width} × ${channels}`],
    aligned([
      ['split', 'samples', 'left out'],
      ...splitNames.map((name) => [name, String(splits[name].samples), String(splits[name].leftOut)]),
    ]),
    formLines(splits),
    aligned([
      ['part', 'array', 'split', 'counts', 'channel', 'least', 'mean', 'most', 'deviation'],
      ...rangeRows(splits),
    ]),
    ...splits.train.parts.flatMap((part, index) => classLines(part, index, splits)),
    notes.map((note) => `${paint('33', '!')} ${note}`),
    splitNames.flatMap((name) => {
      const { leftOut, broken } = splits[name];
      const more = leftOut - broken.length;
      return [
        ...broken.map(({ code, message }) => `${paint('31', '✗')} ${name}: ${message} (${code})`),
        ...(more > 0 ? [`${paint('31', '✗')} ${name}: and ${more} more`] : []),
      ];
    }),
    [verdict(report, paint)],
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]));
}

/** Samples whose files are broken. */
export function brokenSamples({ splits }: DataReport): number {
  return splitNames.reduce((sum, name) => sum + splits[name].leftOut, 0);
}

function verdict(report: DataReport, paint: (code: string, text: string) => string): string {
  const broken = brokenSamples(report);
  if (broken === 0) return `${paint('32', '✓')} every file can be used`;
  const samples = broken === 1 ? '1 sample has' : `${broken} samples have`;
  return `${paint('31', '✗')} ${samples} a file that cannot be used; trials leave them out, or fail with data.broken: fail`;
}

function formLines(splits: DataReport['splits']): string[] {
  const parts = [...new Set(splitNames.flatMap((name) => Object.keys(splits[name].forms)))];
  const rows = parts.flatMap((part) => {
    const forms = [...new Set(splitNames.flatMap((name) => Object.keys(splits[name].forms[part] ?? {})))];
    return forms.map((form, index) => {
      const counts = splitNames.map((name) => String(splits[name].forms[part]?.[form] ?? 0));
      return [index === 0 ? part : '', form, ...counts];
    });
  });
  return rows.length === 0 ? [] : aligned([['files', 'hold', ...splitNames], ...rows]);
}

function rangeRows(splits: DataReport['splits']): string[][] {
  return splits.train.parts.flatMap((first, index) =>
    splitNames.flatMap((split, place) => {
      const part: PartReport = splits[split].parts[index] ?? first;
      const lead = [
        place === 0 ? part.name : '',
        place === 0 ? `${part.dtype} ${part.shape.join(' × ')}` : '',
        split,
        percent(part.counted),
      ];
      if (part.ranges.length === 0) return [[...lead, '', '', '', '', '']];
      return part.ranges.map((range, at) => [...(at === 0 ? lead : ['', '', '', '']), ...numbersOf(range)]);
    }),
  );
}

function numbersOf({ name, unit, least, mean, most, deviation }: NumberRange): string[] {
  const channel = unit === '' ? name : `${name}, ${unit}`;
  return [channel, ...[least, mean, most, deviation].map((value) => String(Number(value.toPrecision(4))))];
}

function classLines({ name, classes }: PartReport, index: number, splits: DataReport['splits']): string[][] {
  if (classes.length === 0) return [];
  const ofSplit = (split: SplitReport, place: number): string => {
    const one = split.parts[index]?.classes[place];
    return one === undefined ? '' : `${percent(one.share)} (${one.samples})`;
  };
  const rows = classes
    .slice(0, mostClasses)
    .map((one, place) => [one.name, ...splitNames.map((split) => ofSplit(splits[split], place))]);
  const more = classes.length - rows.length;
  return [
    [
      ...aligned([[`${name}, share (samples)`, ...splitNames], ...rows]),
      ...(more > 0 ? [`and ${more} further classes`] : []),
    ],
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Rows as columns of equal width. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
