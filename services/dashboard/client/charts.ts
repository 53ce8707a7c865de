import { markPath } from '../charts/draw/marks.js';
import { lookOf } from '../charts/looks.js';
import { joinedKeys, type ChartSection, type LegendEntry } from '../charts/spec.js';
import { make } from './dom.js';
import { Figure } from './figure.js';
import type { LivePart } from './live.js';
import { darkQuery } from './theme.js';

/** A line, or the mark of points that no line joins, as it is drawn, beside its name. */
function swatch(entry: LegendEntry, bare: boolean, dark: boolean): SVGSVGElement {
  const { colour, dash, width, marker } = lookOf(entry, dark);
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 -1 22 10');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  if (bare) {
    const mark = document.createElementNS(space, 'path');
    mark.setAttribute('d', markPath(marker, [11, 4], 3));
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
  /** What each chart was last drawn from: a new point changes a few of them. */
  readonly #drawn = new Map<string, string>();
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
    this.#draw(section);
  }

  /** Draws everything again: switches or colours have changed. */
  draw(): void {
    this.#drawn.clear();
    if (this.#shown !== undefined) this.#draw(this.#shown);
  }

  #draw(section: ChartSection): void {
    this.#drawLegend(section);
    const wanted = new Set(section.charts.map((chart) => chart.id));
    for (const [id, figure] of this.#figures) {
      if (wanted.has(id)) continue;
      figure.remove();
      this.#figures.delete(id);
      this.#drawn.delete(id);
    }
    for (const chart of section.charts) {
      let figure = this.#figures.get(chart.id);
      if (figure === undefined) {
        figure = new Figure();
        this.#figures.set(chart.id, figure);
        this.#grid.append(figure.element);
      }
      const mark = JSON.stringify([chart, section.legend]);
      if (this.#drawn.get(chart.id) === mark) continue;
      this.#drawn.set(chart.id, mark);
      figure.update(chart, section.legend, this.#hidden);
    }
  }

  /** Entries that stay keep their buttons where they are, so that the focus stays too. */
  #drawLegend({ legend, charts }: ChartSection): void {
    const dark = darkQuery.matches;
    const joined = new Set(charts.flatMap(joinedKeys));
    const mark = JSON.stringify([legend, [...joined], dark]);
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
      button.replaceChildren(swatch(entry, !joined.has(entry.key), dark), entry.label);
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

/** The charts of one place on the page: shown a new text of their data, they draw what has changed. */
export function startCharts(place: HTMLElement): LivePart {
  const sections = new Map<string, Section>();

  const show = (text: string): void => {
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
  return { element: place, source: () => place.dataset.charts ?? '', show };
}
