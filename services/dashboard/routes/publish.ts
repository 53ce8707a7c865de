import { Hono } from 'hono';
import { drawChart, printed } from '../charts/draw/draw.js';
import { lightInk } from '../charts/draw/ink.js';
import { chartSections } from '../charts/registry.js';
import type { Dependencies } from '../dependencies.js';
import { readChartInput } from '../queries/chart-input.js';
import { readProtocolFacts, readSpec } from '../queries/protocol-facts.js';
import { findSweep, type SweepOverview } from '../queries/sweeps.js';
import { protocolLatex, protocolMarkdown } from '../report/protocol.js';
import { reportPage } from '../report/report-page.js';
import { readId } from './parameters.js';

const protocolForms = [
  { ending: 'md', contentType: 'text/markdown; charset=utf-8', render: protocolMarkdown },
  { ending: 'tex', contentType: 'application/x-tex; charset=utf-8', render: protocolLatex },
] as const;

/** What goes into a paper or to a colleague: the report, the description of the protocol, each chart as SVG. */
export function publishRoutes({ database }: Dependencies): Hono {
  const app = new Hono();
  const sweepOf = async (text: string): Promise<SweepOverview | undefined> => {
    const sweepId = readId(text);
    return sweepId === undefined ? undefined : findSweep(database, sweepId);
  };
  const read = async (sweep: SweepOverview) => {
    const input = await readChartInput(database, sweep);
    return { input, facts: await readProtocolFacts(database, sweep, input.comparison, input.options) };
  };
  // The id, never the name: a name may hold anything.
  const attached = (name: string): string => `attachment; filename="${name}"`;

  app.get('/sweeps/:id/report.html', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const [{ input, facts }, spec] = await Promise.all([read(sweep), readSpec(database, sweep.id)]);
    context.header('Content-Disposition', attached(`${sweep.id}.html`));
    return context.html(reportPage({ sweep, facts, sections: chartSections(input), spec, madeAt: new Date() }));
  });

  app.get('/sweeps/:id/:file{protocol\\.[a-z]+}', async (context) => {
    const form = protocolForms.find(({ ending }) => `protocol.${ending}` === context.req.param('file'));
    const sweep = form === undefined ? undefined : await sweepOf(context.req.param('id'));
    if (form === undefined || sweep === undefined) return context.notFound();
    const { facts } = await read(sweep);
    return context.body(form.render(facts), 200, {
      'Content-Type': form.contentType,
      'Content-Disposition': attached(`${sweep.id}-protocol.${form.ending}`),
    });
  });

  app.get('/sweeps/:id/charts/:file{.+\\.svg}', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const wanted = context.req.param('file').slice(0, -'.svg'.length);
    const sections = chartSections(await readChartInput(database, sweep));
    const section = sections.find(({ charts }) => charts.some(({ id }) => id === wanted));
    const chart = section?.charts.find(({ id }) => id === wanted);
    if (section === undefined || chart === undefined) return context.notFound();
    return context.body(drawChart(chart, section.legend, printed(lightInk)), 200, { 'Content-Type': 'image/svg+xml' });
  });

  return app;
}
