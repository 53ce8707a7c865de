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
import type { Chart as ChartSpec, ChartSection, LegendEntry } from '../charts/spec.js';
import { lookOf } from './chart-colours.js';
import { chartConfig, type ChartTheme } from './chart-config.js';

Chart.register(Filler, LinearScale, LineController, LineElement, LogarithmicScale, PointElement, Tooltip);

const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');

function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    dark: darkQuery.matches,
    text: colour('--text'),
    muted: colour('--muted'),
    grid: colour('--line'),
    surface: colour('--surface'),
    font: getComputedStyle(document.body).fontFamily,
  };
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** A chart in words, for those who cannot see it; the numbers are in the tables. */
function describe(chart: ChartSpec): string {
  const lines = chart.series.length;
  return `${chart.title}: ${chart.yLabel} against ${chart.xLabel}, ${lines} series`;
}

/** One chart on the page, made once and then only given new data. */
class Figure {
  readonly element: HTMLElement;
  readonly #title = make('span');
  readonly #better = make('span', { className: 'chart-better' });
  readonly #canvas = make('canvas');
  #chart: Chart<'line'> | undefined;

  constructor() {
    this.#canvas.setAttribute('role', 'img');
    this.element = make(
      'figure',
      { className: 'chart' },
      make('figcaption', {}, this.#title, this.#better),
      make('div', { className: 'chart-canvas' }, this.#canvas),
    );
  }

  update(chart: ChartSpec, legend: readonly LegendEntry[], hidden: ReadonlySet<string>, theme: ChartTheme): void {
    this.#title.textContent = chart.title;
    this.#better.textContent = chart.better === undefined ? '' : chart.better === 'higher' ? '↑ better' : '↓ better';
    this.#canvas.setAttribute('aria-label', describe(chart));
    const config = chartConfig(chart, legend, hidden, theme) as unknown as ConstructorParameters<
      typeof Chart<'line'>
    >[1];
    if (this.#chart === undefined) {
      this.#chart = new Chart<'line'>(this.#canvas, config);
      return;
    }
    this.#chart.data = config.data;
    if (config.options !== undefined) this.#chart.options = config.options;
    this.#chart.update('none');
  }

  remove(): void {
    this.#chart?.destroy();
    this.element.remove();
  }
}

/** A line, or the mark of points that no line joins, as it is drawn, beside its name. */
function swatch(entry: LegendEntry, bare: boolean, dark: boolean): SVGSVGElement {
  const { colour, dash, width, marker } = lookOf(entry, dark);
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 22 8');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  if (bare) {
    const mark = document.createElementNS(space, 'path');
    const circle = 'M7 4a4 4 0 1 0 8 0a4 4 0 1 0-8 0';
    mark.setAttribute('d', marker === 'rectRot' ? 'M11 0l4 4l-4 4l-4-4z' : circle);
    mark.setAttribute('fill', colour);
    svg.append(mark);
    return svg;
  }
  const line = document.createElementNS(space, 'line');
  const attributes = { x1: 1, x2: 21, y1: 4, y2: 4, stroke: colour, 'stroke-width': width + 0.5 };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, String(value));
  if (dash.length > 0) line.setAttribute('stroke-dasharray', dash.map((part) => part * 0.7).join(' '));
  svg.append(line);
  return svg;
}

/** Charts with one legend; switched-off series stay off when new data comes. */
class Section {
  readonly element: HTMLElement;
  readonly #title = make('h2');
  readonly #explanation = make('p', { className: 'muted' });
  readonly #legend = make('div', { className: 'legend' });
  readonly #grid = make('div', { className: 'chart-grid' });
  readonly #figures = new Map<string, Figure>();
  readonly #hidden = new Set<string>();
  readonly #buttons = new Map<string, HTMLButtonElement>();
  #legendMark = '';
  #shown: ChartSection | undefined;

  constructor(id: string) {
    this.#title.id = `${id}-title`;
    this.#legend.setAttribute('role', 'group');
    this.#legend.setAttribute('aria-label', 'Show or hide');
    this.element = make(
      'section',
      { className: 'card' },
      make('div', { className: 'card-head' }, this.#title),
      this.#explanation,
      this.#legend,
      this.#grid,
    );
    this.element.setAttribute('aria-labelledby', this.#title.id);
  }

  update(section: ChartSection): void {
    this.#shown = section;
    this.#title.textContent = section.title;
    this.#explanation.textContent = section.explanation;
    this.draw();
  }

  draw(): void {
    const section = this.#shown;
    if (section === undefined) return;
    const theme = readTheme();
    this.#drawLegend(section, theme);
    const wanted = new Set(section.charts.map((chart) => chart.id));
    for (const [id, figure] of this.#figures) {
      if (wanted.has(id)) continue;
      figure.remove();
      this.#figures.delete(id);
    }
    for (const chart of section.charts) {
      let figure = this.#figures.get(chart.id);
      if (figure === undefined) {
        figure = new Figure();
        this.#figures.set(chart.id, figure);
        this.#grid.append(figure.element);
      }
      figure.update(chart, section.legend, this.#hidden, theme);
    }
  }

  /** Entries that stay keep their buttons where they are, so that the focus stays too. */
  #drawLegend({ legend, charts }: ChartSection, theme: ChartTheme): void {
    const drawn = charts.flatMap(({ series }) => series.filter(({ shape }) => shape !== 'points'));
    const joined = new Set(drawn.map(({ key }) => key));
    const mark = JSON.stringify([legend, [...joined], theme.dark]);
    if (mark === this.#legendMark) return;
    this.#legendMark = mark;
    const wanted = new Set(legend.map(({ key }) => key));
    for (const [key, button] of this.#buttons) {
      if (wanted.has(key)) continue;
      button.remove();
      this.#buttons.delete(key);
    }
    legend.forEach((entry, place) => {
      const button = this.#buttons.get(entry.key) ?? this.#newButton(entry.key);
      button.replaceChildren(swatch(entry, !joined.has(entry.key), theme.dark), entry.label);
      const there = this.#legend.children.item(place);
      if (there !== button) this.#legend.insertBefore(button, there);
    });
  }

  #newButton(key: string): HTMLButtonElement {
    const button = make('button', { type: 'button' });
    button.setAttribute('aria-pressed', String(!this.#hidden.has(key)));
    button.addEventListener('click', () => {
      if (!this.#hidden.delete(key)) this.#hidden.add(key);
      button.setAttribute('aria-pressed', String(!this.#hidden.has(key)));
      this.draw();
    });
    this.#buttons.set(key, button);
    return button;
  }
}

/**
 * Draws the charts of one place on the page.
 * @returns a function that fetches their data again and draws what has changed
 */
export function startCharts(place: HTMLElement): () => Promise<void> {
  const source = place.dataset.charts ?? '';
  const sections = new Map<string, Section>();
  let lastText = '';

  const refresh = async (): Promise<void> => {
    const response = await fetch(source, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`${source}: ${response.status}`);
    const text = await response.text();
    if (text === lastText) return;
    lastText = text;
    const data = JSON.parse(text) as { sections: ChartSection[] };
    data.sections.forEach((spec, index) => {
      let section = sections.get(spec.id);
      if (section === undefined) {
        section = new Section(spec.id);
        sections.set(spec.id, section);
        place.insertBefore(section.element, place.querySelectorAll(':scope > section')[index] ?? null);
      }
      section.update(spec);
    });
    for (const [id, section] of sections) {
      if (data.sections.some((spec) => spec.id === id)) continue;
      section.element.remove();
      sections.delete(id);
    }
  };

  darkQuery.addEventListener('change', () => {
    for (const section of sections.values()) section.draw();
  });
  return refresh;
}
