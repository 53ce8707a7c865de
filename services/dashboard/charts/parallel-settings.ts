import type { ComparisonRow } from '../../shared/compare/comparison.js';
import { taskLabel } from '../../shared/compare/metric-names.js';
import { deltaDecimals } from '../../shared/compare/number-forms.js';
import { optionLabel } from '../compare/option-label.js';
import { differingOptions } from '../compare/options.js';
import { legendOf, type ChartSection, type ParallelAxis } from './spec.js';
import type { SweepChartInput } from './sweep-input.js';

/** More options than these are too many axes to be read; those with the fewest levels say most. */
const mostOptions = 5;

interface Axis {
  readonly axis: ParallelAxis;
  readonly values: readonly (number | null)[];
}

/** An option's texts as numbers where all of them are, otherwise as places in a list of names. */
export function optionAxis(label: string, texts: readonly (string | undefined)[]): Axis {
  const known = texts.filter((text) => text !== undefined);
  const numbers = known.map(Number);
  if (known.length > 0 && known.every((text) => text.trim() !== '') && numbers.every(Number.isFinite)) {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    return {
      axis: { label, logarithmic: low > 0 && high / low > 20 },
      values: texts.map((text) => (text === undefined ? null : Number(text))),
    };
  }
  const categories = [...new Set(known)];
  return {
    axis: { label, categories },
    values: texts.map((text) => (text === undefined ? null : categories.indexOf(text))),
  };
}

/** 0 the worst to 1 the best, equal steps; null where there is no value. */
export function ranks(goods: readonly (number | undefined)[]): (number | null)[] {
  const sorted = [...new Set(goods.filter((good) => good !== undefined))].sort((a, b) => a - b);
  return goods.map((good) =>
    good === undefined ? null : sorted.length < 2 ? 1 : sorted.indexOf(good) / (sorted.length - 1),
  );
}

/** Every setting as a line from its weights and options to its results. */
export function parallelSettings({ comparison, options }: SweepChartInput): ChartSection | undefined {
  const { tasks, hasDelta } = comparison;
  const columns = comparison.columns.flatMap((column, place) => (column.primary ? [{ ...column, place }] : []));
  const rows = comparison.rows.filter((row) => row.cells.some((cell) => cell?.spread !== undefined));
  if (rows.length < 2) return undefined;
  const differing = differingOptions(rows.map(({ setting }) => options.get(setting.key) ?? new Map<string, string>()))
    .filter(({ path }) => !path.startsWith('weighting.') && path !== 'tasks')
    .sort((a, b) => new Set(a.values).size - new Set(b.values).size)
    .slice(0, mostOptions);
  const axes: Axis[] = [
    optionAxis(
      'Weighting',
      rows.map(({ setting }) => (setting.kind === 'single' ? 'single task' : setting.method)),
    ),
    ...tasks.map(({ name }, place) => ({
      axis: { label: `Weight: ${taskLabel(comparison, name).toLowerCase()}`, decimals: 2 },
      values: rows.map((row) => shareOf(row, place)),
    })),
    ...differing.map(({ path, values }) => optionAxis(optionLabel(path), values)),
    ...columns.map(({ task, metric, place }) => ({
      axis: {
        label: `${taskLabel(comparison, task)} [${metric.unit}]`,
        better: metric.better,
        decimals: metric.decimals,
      },
      values: rows.map((row) => scaled(row.cells[place]?.spread?.mean, metric.scale)),
    })),
    ...(hasDelta
      ? [
          {
            axis: { label: 'Δm [%]', better: 'higher' as const, decimals: deltaDecimals },
            values: rows.map((row) => (isWhole(row, tasks.length) ? (row.delta?.total.mean ?? null) : null)),
          },
        ]
      : []),
  ];
  const [first] = columns;
  const goods = rows.map((row) => {
    if (hasDelta) return isWhole(row, tasks.length) ? row.delta?.total.mean : undefined;
    const mean = first === undefined ? undefined : row.cells[first.place]?.spread?.mean;
    return mean === undefined ? undefined : first?.metric.better === 'lower' ? -mean : mean;
  });
  const rank = ranks(goods);
  return {
    id: 'parallel-settings',
    title: 'Settings, from options to results',
    explanation:
      `A line is a setting: its weighting, the share of each task’s weight (learned ones at the end of training), what else differs, and the ` +
      `mean test metrics over seeds. The stronger a line’s colour, the better by ${hasDelta ? 'Δm' : 'the first metric'}; the best is thick. Each switch below hides a line.`,
    legend: legendOf(rows.map(({ name, setting: { key, kind } }) => ({ key, label: name, role: kind }))),
    charts: [
      {
        kind: 'parallel',
        id: 'parallel',
        title: `${rows.length} settings with results`,
        better: undefined,
        decimals: 3,
        axes: axes.map(({ axis }) => axis),
        lines: rows.map((row, place) => ({
          key: row.setting.key,
          note: row.name,
          values: axes.map(({ values }) => values[place] ?? null),
          rank: rank[place] ?? null,
        })),
      },
    ],
  };
}

function scaled(value: number | undefined, scale: number): number | null {
  return value === undefined ? null : value * scale;
}

function isWhole({ setting }: ComparisonRow, tasks: number): boolean {
  return setting.tasks.length === tasks;
}

/** A task's share of the weights, learned ones at the end of training. */
function shareOf(row: ComparisonRow, place: number): number | null {
  const cell = row.weights[place];
  if (cell?.fixed === undefined) return cell?.learned?.normalised.mean ?? null;
  const sum = row.weights.reduce((total, { fixed }) => total + (fixed ?? 0), 0);
  return sum > 0 ? cell.fixed / sum : null;
}
