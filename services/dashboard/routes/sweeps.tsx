import { Hono } from 'hono';
import { chartedMetrics, chartSections } from '../charts/registry.js';
import type { Dependencies } from '../dependencies.js';
import { readSettingCurves } from '../queries/curves.js';
import { readComparison } from '../queries/results.js';
import { findSweep } from '../queries/sweeps.js';
import { listTrials } from '../queries/trials.js';
import { ComparisonView } from '../views/comparison.js';
import { SweepPage, SweepSummary } from '../views/sweep.js';
import { filterQuery, TrialList } from '../views/trial-list.js';
import { readId, readNotice, readTrialFilter } from './parameters.js';

/** A sweep's page, its parts, its charts' data, its commands. */
export function sweepRoutes({ database, assets, commands }: Dependencies): Hono {
  const app = new Hono();
  const sweepOf = async (text: string) => {
    const sweepId = readId(text);
    return sweepId === undefined ? undefined : findSweep(database, sweepId);
  };

  app.get('/sweeps/:id', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const filter = readTrialFilter(context.req.query());
    const [comparison, trials] = await Promise.all([
      readComparison(database, sweep.id),
      listTrials(database, sweep.id, filter),
    ]);
    return context.html(
      <SweepPage
        assets={assets}
        sweep={sweep}
        notice={readNotice(context.req.query())}
        comparison={<ComparisonView comparison={comparison} />}
        trials={<TrialList sweepId={sweep.id} trials={trials} counts={sweep.counts} filter={filter} />}
        trialsQuery={filterQuery(filter)}
      />,
    );
  });

  app.get('/sweeps/:id/fragment/summary', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    return sweep === undefined ? context.notFound() : context.html(<SweepSummary sweep={sweep} />);
  });

  app.get('/sweeps/:id/fragment/comparison', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    return context.html(<ComparisonView comparison={await readComparison(database, sweep.id)} />);
  });

  app.get('/sweeps/:id/fragment/trials', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const filter = readTrialFilter(context.req.query());
    const trials = await listTrials(database, sweep.id, filter);
    return context.html(<TrialList sweepId={sweep.id} trials={trials} counts={sweep.counts} filter={filter} />);
  });

  app.get('/api/sweeps/:id/charts.json', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const [comparison, curves] = await Promise.all([
      readComparison(database, sweep.id),
      readSettingCurves(database, sweep.id, ['train', 'validation'], chartedMetrics(sweep.workload, sweep.tasks)),
    ]);
    return context.json({ sections: chartSections({ comparison, curves }) });
  });

  app.post('/sweeps/:id/cancel', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const cancelled = await commands.cancel({ sweepId: sweep.id });
    return context.redirect(`/sweeps/${sweep.id}?cancelled=${cancelled}`, 303);
  });

  app.post('/sweeps/:id/retry', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const queued = await commands.retry({ sweepId: sweep.id });
    return context.redirect(`/sweeps/${sweep.id}?queued=${queued}`, 303);
  });

  return app;
}
