import { Hono } from 'hono';
import type { Comparison } from '../../shared/compare/comparison.js';
import { renderCsv } from '../../shared/compare/render-csv.js';
import { renderJson } from '../../shared/compare/render-json.js';
import { renderLatex } from '../../shared/compare/render-latex.js';
import { renderMarkdown } from '../../shared/compare/render-markdown.js';
import type { Dependencies } from '../dependencies.js';
import { applyView } from '../compare/apply-view.js';
import { readView } from '../compare/table-view.js';
import { readSettingOptions } from '../queries/setting-options.js';
import { readComparison } from '../queries/results.js';
import { findSweep } from '../queries/sweeps.js';
import { readId } from './parameters.js';

/** The comparison as a file, by the ending of its name. */
const forms: Readonly<Record<string, { contentType: string; render: (comparison: Comparison) => string }>> = {
  json: { contentType: 'application/json; charset=utf-8', render: renderJson },
  csv: { contentType: 'text/csv; charset=utf-8', render: renderCsv },
  md: { contentType: 'text/markdown; charset=utf-8', render: renderMarkdown },
  tex: { contentType: 'application/x-tex; charset=utf-8', render: renderLatex },
};

/** The files that a page offers, in this order. */
export const tableFiles = [
  { ending: 'csv', label: 'CSV' },
  { ending: 'json', label: 'JSON' },
  { ending: 'md', label: 'Markdown' },
  { ending: 'tex', label: 'LaTeX' },
] as const;

/** The comparison table as its page shows it, for spreadsheets, scripts, notes and papers. */
export function tableRoutes({ database }: Dependencies): Hono {
  const app = new Hono();
  app.get('/sweeps/:id/:file{table\\.[a-z]+}', async (context) => {
    const ending = context.req.param('file').slice('table.'.length);
    const form = Object.hasOwn(forms, ending) ? forms[ending] : undefined;
    const sweepId = readId(context.req.param('id'));
    const sweep = form === undefined || sweepId === undefined ? undefined : await findSweep(database, sweepId);
    if (form === undefined || sweep === undefined) return context.notFound();
    const [whole, options] = await Promise.all([
      readComparison(database, sweep.id),
      readSettingOptions(database, sweep.id),
    ]);
    const view = readView(new URL(context.req.url).searchParams);
    const text = form.render(applyView(whole, options, view).comparison);
    return context.body(text, 200, {
      'Content-Type': form.contentType,
      // The id, never the name: a name may hold anything.
      'Content-Disposition': `attachment; filename="${sweep.id}.${ending}"`,
    });
  });
  return app;
}
