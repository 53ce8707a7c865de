import { Hono } from 'hono';
import type { Comparison } from '../../shared/compare/comparison.js';
import { renderCsv } from '../../shared/compare/render-csv.js';
import { renderJson } from '../../shared/compare/render-json.js';
import { renderLatex } from '../../shared/compare/render-latex.js';
import { renderMarkdown } from '../../shared/compare/render-markdown.js';
import type { Dependencies } from '../dependencies.js';
import { readView } from '../compare/table-view.js';
import { readShownComparison } from '../queries/results.js';
import { findSweep } from '../queries/sweeps.js';
import { readId } from './parameters.js';

interface TableFile {
  /** Of the file's name. */
  readonly ending: string;
  readonly label: string;
  readonly contentType: string;
  readonly render: (comparison: Comparison) => string;
}

/** The comparison as a file, in the order in which a page offers them. */
export const tableFiles: readonly TableFile[] = [
  { ending: 'csv', label: 'CSV', contentType: 'text/csv; charset=utf-8', render: renderCsv },
  { ending: 'json', label: 'JSON', contentType: 'application/json; charset=utf-8', render: renderJson },
  { ending: 'md', label: 'Markdown', contentType: 'text/markdown; charset=utf-8', render: renderMarkdown },
  { ending: 'tex', label: 'LaTeX', contentType: 'application/x-tex; charset=utf-8', render: renderLatex },
];

/** The comparison table as its page shows it, for spreadsheets, scripts, notes and papers. */
export function tableRoutes({ database }: Dependencies): Hono {
  const app = new Hono();
  app.get('/sweeps/:id/:file{table\\.[a-z]+}', async (context) => {
    const ending = context.req.param('file').slice('table.'.length);
    const form = tableFiles.find((one) => one.ending === ending);
    const sweepId = readId(context.req.param('id'));
    const sweep = form === undefined || sweepId === undefined ? undefined : await findSweep(database, sweepId);
    if (form === undefined || sweep === undefined) return context.notFound();
    const { shown } = await readShownComparison(database, sweep.id, readView(new URL(context.req.url).searchParams));
    const text = form.render(shown.comparison);
    return context.body(text, 200, {
      'Content-Type': form.contentType,
      // The id, never the name: a name may hold anything.
      'Content-Disposition': `attachment; filename="${sweep.id}.${ending}"`,
    });
  });
  return app;
}
