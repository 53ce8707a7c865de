import { Hono } from 'hono';
import { compactJson } from '../charts/compact-json.js';
import { chartSections } from '../charts/registry.js';
import { SweepCache } from '../live/sweep-cache.js';
import type { Dependencies } from '../dependencies.js';
import { sweepFingerprint } from '../queries/fingerprints.js';
import { readChartInput } from '../queries/chart-input.js';
import { CurveCache } from '../queries/curve-cache.js';
import { comparisonMark, readWholeComparison, type WholeComparison } from '../queries/results.js';
import { readAnnotation } from '../queries/annotations.js';
import { findInQueue } from '../queries/queue.js';
import { findSweep } from '../queries/sweeps.js';
import { listTrials } from '../queries/trials.js';
import { applyView, groupings } from '../compare/apply-view.js';
import { readView, viewPairs, viewQuery, type TableView } from '../compare/table-view.js';
import { AnnotationCard } from '../views/annotation.js';
import { ComparisonView } from '../views/comparison.js';
import { SweepPage, SweepSummary } from '../views/sweep.js';
import { filterPairs, TrialList } from '../views/trial-list.js';
import { answerTo, readFields, readId, readNotice, readTrialFilter } from './parameters.js';
import { tableFiles } from './tables.js';

/** A sweep's page, its parts, its charts' data, its commands. */
export function sweepRoutes({ database, assets, commands }: Dependencies): Hono {
  const app = new Hono();
  const charts = new SweepCache<string>();
  const curves = new CurveCache();
  const comparisons = new SweepCache<WholeComparison>();
  const wholeOf = async (sweepId: string): Promise<WholeComparison> =>
    comparisons.read(sweepId, await comparisonMark(database, sweepId), () => readWholeComparison(database, sweepId));
  const sweepOf = async (text: string) => {
    const sweepId = readId(text);
    return sweepId === undefined ? undefined : findSweep(database, sweepId);
  };

  const comparisonOf = async (sweepId: string, view: TableView, others: readonly (readonly [string, string])[]) => {
    const { whole, options } = await wholeOf(sweepId);
    const base = `/sweeps/${sweepId}`;
    return (
      <ComparisonView
        whole={whole}
        shown={applyView(whole, options, view)}
        view={view}
        groupings={groupings(options)}
        action={`${base}#comparison`}
        link={(to) => `${base}${viewQuery(to, others)}#comparison`}
        others={others}
        files={tableFiles.map(({ ending, label }) => ({ href: `${base}/table.${ending}${viewQuery(view)}`, label }))}
      />
    );
  };

  app.get('/sweeps/:id', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const filter = readTrialFilter(context.req.query());
    const view = readView(new URL(context.req.url).searchParams);
    const [annotation, comparison, trials, place] = await Promise.all([
      readAnnotation(database, sweep.id),
      comparisonOf(sweep.id, view, filterPairs(filter)),
      listTrials(database, sweep.id, filter),
      findInQueue(database, sweep.id),
    ]);
    return context.html(
      <SweepPage
        assets={assets}
        sweep={sweep}
        place={place}
        notice={readNotice(context.req.query())}
        annotation={<AnnotationCard base={`/sweeps/${sweep.id}`} annotation={annotation} />}
        comparison={comparison}
        trials={
          <TrialList
            sweepId={sweep.id}
            trials={trials}
            counts={sweep.counts}
            filter={filter}
            others={viewPairs(view)}
          />
        }
        query={viewQuery(view, filterPairs(filter))}
      />,
    );
  });

  app.get('/sweeps/:id/fragment/summary', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    return sweep === undefined
      ? context.notFound()
      : context.html(<SweepSummary sweep={sweep} place={await findInQueue(database, sweep.id)} />);
  });

  app.get('/sweeps/:id/fragment/comparison', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const view = readView(new URL(context.req.url).searchParams);
    return context.html(await comparisonOf(sweep.id, view, filterPairs(readTrialFilter(context.req.query()))));
  });

  app.get('/sweeps/:id/fragment/trials', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const filter = readTrialFilter(context.req.query());
    const trials = await listTrials(database, sweep.id, filter);
    const others = viewPairs(readView(new URL(context.req.url).searchParams));
    return context.html(
      <TrialList sweepId={sweep.id} trials={trials} counts={sweep.counts} filter={filter} others={others} />,
    );
  });

  app.get('/sweeps/:id/charts.json', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const text = await charts.read(sweep.id, await sweepFingerprint(database, sweep.id), async () =>
      compactJson({
        sections: chartSections(
          await readChartInput(database, sweep, {
            whole: wholeOf,
            curves: (id, wanted) => curves.read(database, id, wanted),
          }),
        ),
      }),
    );
    return context.body(text, 200, { 'Content-Type': 'application/json' });
  });

  app.post('/sweeps/:id/cancel', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const field = await readFields(context.req);
    const cancelled = await commands.cancel({ sweepId: sweep.id });
    return context.redirect(answerTo(`/sweeps/${sweep.id}`, field('from'), 'cancelled', cancelled), 303);
  });

  app.post('/sweeps/:id/retry', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const field = await readFields(context.req);
    const queued = await commands.retry({ sweepId: sweep.id });
    return context.redirect(answerTo(`/sweeps/${sweep.id}`, field('from'), 'queued', queued), 303);
  });

  return app;
}
