import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  Tooltip,
} from 'chart.js';
import { describeChart, drawChart, leastWidth } from '../charts/draw/draw.js';
import type { Chart as ChartSpec, LegendEntry, XyChart } from '../charts/spec.js';
import { chartTable } from '../charts/table.js';
import { chartConfig } from './chart-config.js';
import { make, svgFrom } from './dom.js';
import { chartFiles } from './save-chart.js';
import { readInk, readTheme } from './theme.js';

Chart.register(Filler, LinearScale, LineController, LineElement, LogarithmicScale, PointElement, Tooltip);

interface Shown {
  readonly chart: ChartSpec;
  readonly legend: readonly LegendEntry[];
  readonly hidden: ReadonlySet<string>;
}

/** What to do when a figure comes near the window. */
const figures = new WeakMap<Element, () => void>();

const nearby = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      nearby.unobserve(target);
      figures.get(target)?.();
    }
  },
  { rootMargin: '600px' },
);
// Paper shows all of the page.
window.addEventListener('beforeprint', () => {
  for (const figure of document.querySelectorAll('figure.chart')) figures.get(figure)?.();
});

/** One chart on the page with its files and its numbers, made once and then only given new data. */
export class Figure {
  readonly element: HTMLElement;
  readonly #title = make('span');
  readonly #better = make('span', { className: 'chart-better' });
  readonly #place = make('div', { className: 'chart-place' });
  readonly #table = make('div', { className: 'table-scroll', tabIndex: 0 });
  readonly #numbers = make('details', {}, make('summary', { textContent: 'Numbers' }), this.#table);
  #canvas: HTMLCanvasElement | undefined;
  #chart: Chart<'line'> | undefined;
  #shown: Shown | undefined;
  #drawnWidth = 0;
  /** Drawn when it comes near the window: a large sweep has dozens of charts. */
  #near = false;

  constructor() {
    const files = chartFiles.map(({ label, save }) => {
      const button = make('button', { type: 'button', textContent: label });
      button.setAttribute('aria-label', `Save as ${label}`);
      button.addEventListener('click', () => {
        const { chart, legend, hidden } = this.#shown ?? {};
        if (chart === undefined || legend === undefined || hidden === undefined) return;
        void save(chart, legend, hidden);
      });
      return button;
    });
    this.#table.setAttribute('role', 'group');
    this.#numbers.addEventListener('toggle', () => this.#drawTable());
    this.element = make(
      'figure',
      { className: 'chart' },
      make('figcaption', {}, this.#title, this.#better),
      this.#place,
      make('div', { className: 'chart-tools' }, this.#numbers, make('div', { className: 'chart-files' }, ...files)),
    );
    nearby.observe(this.element);
    figures.set(this.element, () => {
      this.#near = true;
      this.#draw();
    });
    new ResizeObserver(() => {
      if (Math.abs(this.#place.clientWidth - this.#drawnWidth) > 1) this.#drawSvg();
    }).observe(this.#place);
  }

  update(chart: ChartSpec, legend: readonly LegendEntry[], hidden: ReadonlySet<string>): void {
    this.#shown = { chart, legend, hidden };
    this.element.dataset.chart = chart.id;
    this.element.classList.toggle('chart-wide', chart.kind === 'parallel');
    this.element.classList.toggle('chart-triangle', chart.kind === 'ternary');
    this.#title.textContent = chart.title;
    this.#better.textContent = chart.better === undefined ? '' : chart.better === 'higher' ? '↑ better' : '↓ better';
    this.#table.setAttribute('aria-label', `Numbers of ${chart.title}`);
    this.#place.classList.toggle('chart-canvas', chart.kind === 'xy');
    if (this.#near) this.#draw();
    this.#drawTable();
  }

  #draw(): void {
    if (this.#shown === undefined) return;
    const { chart, legend, hidden } = this.#shown;
    if (chart.kind === 'xy') this.#drawCanvas(chart, legend, hidden);
    else this.#drawSvg();
  }

  #drawCanvas(chart: XyChart, legend: readonly LegendEntry[], hidden: ReadonlySet<string>): void {
    const config = chartConfig(chart, legend, hidden, readTheme()) as unknown as ConstructorParameters<
      typeof Chart<'line'>
    >[1];
    if (this.#canvas === undefined || this.#chart === undefined) {
      this.#canvas = make('canvas');
      this.#canvas.setAttribute('role', 'img');
      this.#place.replaceChildren(this.#canvas);
      this.#chart = new Chart<'line'>(this.#canvas, config);
    } else {
      this.#chart.data = config.data;
      if (config.options !== undefined) this.#chart.options = config.options;
      this.#chart.update('none');
    }
    this.#canvas.setAttribute('aria-label', describeChart(chart));
  }

  /** Drawn for the width it has, so that its letters are as large as the page's. */
  #drawSvg(): void {
    const { clientWidth } = this.#place;
    if (!this.#near || this.#shown === undefined || this.#shown.chart.kind === 'xy' || clientWidth === 0) return;
    this.#drawnWidth = clientWidth;
    const { chart, legend, hidden } = this.#shown;
    const width = Math.max(clientWidth, leastWidth(chart));
    const markup = drawChart(chart, legend, { width, ink: readInk(), hidden, alone: false });
    this.#place.replaceChildren(svgFrom(markup));
  }

  /** Only when a person wants it: it may be long. */
  #drawTable(): void {
    if (!this.#numbers.open || this.#shown === undefined) return;
    const { head, rows, note } = chartTable(this.#shown.chart, this.#shown.legend);
    const cells = (row: readonly string[]): HTMLElement[] =>
      row.map((text, place) =>
        place === 0
          ? make('th', { scope: 'row', textContent: text })
          : make('td', { className: 'number', textContent: text }),
      );
    this.#table.replaceChildren(
      ...(note === undefined ? [] : [make('p', { className: 'muted', textContent: note })]),
      make(
        'table',
        { className: 'chart-numbers' },
        make('caption', { className: 'hidden', textContent: this.#shown.chart.title }),
        make(
          'thead',
          {},
          make(
            'tr',
            {},
            ...head.map((text, place) =>
              // A corner without a word heads nothing.
              text === ''
                ? make('td')
                : make('th', { scope: 'col', className: place === 0 ? '' : 'number', textContent: text }),
            ),
          ),
        ),
        make('tbody', {}, ...rows.map((row) => make('tr', {}, ...cells(row)))),
      ),
    );
  }

  remove(): void {
    nearby.unobserve(this.element);
    this.#chart?.destroy();
    this.element.remove();
  }
}
