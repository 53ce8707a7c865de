import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import { stringify } from 'yaml';
import { columnGroups, textTable, type TextCell } from '../../shared/compare/text-table.js';
import { softwareVersion } from '../../shared/version.js';
import { drawChart, leastWidth, printed } from '../charts/draw/draw.js';
import { eitherInk } from '../charts/draw/ink.js';
import type { Chart, ChartSection, LegendEntry } from '../charts/spec.js';
import { chartTable } from '../charts/table.js';
import { formatTime } from '../format.js';
import type { SweepOverview } from '../queries/sweeps.js';
import { describeProtocol, type ProtocolFacts } from './protocol.js';
import { reportStyle } from './report-style.js';

export interface ReportProps {
  readonly sweep: SweepOverview;
  readonly facts: ProtocolFacts;
  readonly sections: readonly ChartSection[];
  readonly spec: unknown;
  readonly madeAt: Date;
}

const styleHash = createHash('sha256').update(reportStyle).digest('base64');
/** Nothing but this file's own style sheet: no script, no network. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;

function Numbers({ chart, legend }: { chart: Chart; legend: readonly LegendEntry[] }) {
  const { head, rows, note } = chartTable(chart, legend);
  return (
    <details>
      <summary>Numbers</summary>
      {note === undefined ? null : <p class="muted">{note}</p>}
      <div class="scroll">
        <table>
          <thead>
            <tr>
              {head.map((text, place) => (
                <th scope="col" class={place === 0 ? 'left' : undefined}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, ...cells]) => (
              <tr>
                <th scope="row" class="left">
                  {name}
                </th>
                {cells.map((text) => (
                  <td>{text}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Charts({ section }: { section: ChartSection }) {
  return (
    <section>
      <h2>{section.title}</h2>
      <p class="muted">{section.explanation}</p>
      <div class="charts">
        {section.charts.map((chart) => {
          const wide = chart.kind === 'parallel';
          const drawing = { ...printed(eitherInk), ...(wide ? { width: Math.max(1080, leastWidth(chart)) } : {}) };
          return (
            <figure class={wide ? 'wide' : undefined}>
              {raw(drawChart(chart, section.legend, drawing))}
              <Numbers chart={chart} legend={section.legend} />
            </figure>
          );
        })}
      </div>
    </section>
  );
}

function Cell({ cell, left }: { cell: TextCell; left: boolean }) {
  return (
    <td class={left ? 'left' : undefined}>
      {cell.best ? <strong>{cell.main}</strong> : cell.main}
      {cell.rest === '' ? null : <span class="rest"> {cell.rest}</span>}
    </td>
  );
}

function Table({ facts }: { facts: ProtocolFacts }) {
  const { protocol, columns, rows, notes } = textTable({ ...facts.comparison, columnsChosen: true });
  return (
    <section>
      <h2>Comparison</h2>
      <div class="scroll">
        <table>
          <caption class="muted">{protocol}; best values bold</caption>
          <thead>
            <tr>
              {columnGroups(columns).map(({ group, length }) => (
                <th scope="colgroup" colspan={length}>
                  {group}
                </th>
              ))}
            </tr>
            <tr>
              {columns.map(({ heading, align }) => (
                <th scope="col" class={align === 'left' ? 'left' : undefined}>
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ cells, lineAbove }) => (
              <tr class={lineAbove ? 'line' : undefined}>
                {cells.map((cell, place) => (
                  <Cell cell={cell} left={columns[place]?.align === 'left'} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="notes">
        {notes.map((note) => (
          <p>{note}</p>
        ))}
      </div>
    </section>
  );
}

/** A sweep as one HTML file that opens without a server: table, charts with their numbers, protocol, spec. */
export function reportPage({ sweep, facts, sections, spec, madeAt }: ReportProps) {
  return html`<!doctype html>${(
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta http-equiv="Content-Security-Policy" content={policy} />
          <title>{`${sweep.name} · sigmasweep report`}</title>
          <style>{raw(reportStyle)}</style>
        </head>
        <body>
          <header>
            <h1>{sweep.name}</h1>
            <p class="muted">
              {sweep.workload} · {sweep.counts.succeeded} of {sweep.progress.total} trials succeeded · {sweep.state} ·
              created {formatTime(sweep.createdAt)} · {sweep.id}
            </p>
          </header>
          <main>
            <Table facts={facts} />
            {sections.map((section) => (
              <Charts section={section} />
            ))}
            <section>
              <h2>Protocol</h2>
              {describeProtocol(facts).map(({ title, sentences }) => (
                <p>
                  <strong>{title}.</strong> {sentences.join(' ')}
                </p>
              ))}
            </section>
            <section>
              <h2>Spec</h2>
              <p class="muted">With all defaults filled in; `sigmasweep run` repeats the sweep from it.</p>
              <pre>{stringify(spec)}</pre>
            </section>
          </main>
          <footer>
            Made {formatTime(madeAt)} by sigmasweep {softwareVersion}.
          </footer>
        </body>
      </html>
    )}`;
}
