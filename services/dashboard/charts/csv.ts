import { csvField, type CsvValue } from '../../shared/compare/csv-field.js';
import { numberText } from './draw/parallel.js';
import type { Chart, LegendEntry } from './spec.js';

/** Every number of a chart, one point a line, as exact as it is known. */
export function chartCsv(chart: Chart, legend: readonly LegendEntry[]): string {
  const names = new Map(legend.map(({ key, label }) => [key, label]));
  const [head, rows] = linesOf(chart, (key) => names.get(key) ?? key);
  return [head, ...rows].map((line) => `${line.map(csvField).join(',')}\n`).join('');
}

function linesOf(chart: Chart, nameOf: (key: string) => string): [CsvValue[], CsvValue[][]] {
  switch (chart.kind) {
    case 'xy':
      return [
        ['series', 'note', chart.xLabel, chart.yLabel, 'low', 'high', 'seeds', 'dominated'],
        chart.series
          .filter(({ shape }) => shape !== 'outline')
          .flatMap(({ key, shape, points }) =>
            points.map(({ x, y, low, high, seeds, note, faded }) => [
              nameOf(key),
              note,
              shape === 'level' ? undefined : x,
              shape === 'upright' ? undefined : y,
              low,
              high,
              seeds,
              faded,
            ]),
          ),
      ];
    case 'ternary':
      return [
        ['series', 'step', ...chart.corners, chart.valueLabel, 'sd', 'seeds'],
        [
          ...chart.points.map(({ note, shares, value, deviation, seeds }) => [
            note,
            undefined,
            ...shares,
            value,
            deviation,
            seeds,
          ]),
          ...chart.paths.flatMap(({ key, shares }) =>
            shares.map((share, step) => [nameOf(key), step, ...share, undefined, undefined, undefined]),
          ),
        ],
      ];
    case 'parallel':
      return [
        ['setting', ...chart.axes.map(({ label }) => label)],
        chart.lines.map(({ note, values }) => [
          note,
          ...chart.axes.map((axis, place) => {
            const value = values[place];
            if (value === null || value === undefined) return undefined;
            return axis.categories === undefined ? value : numberText(axis, value);
          }),
        ]),
      ];
    case 'bars':
      return [
        ['name', chart.valueLabel, 'low', 'high', 'mark', 'of'],
        chart.bars.map(({ label, value, low, high, mark, note }) => [label, value, low, high, mark, note]),
      ];
  }
}
