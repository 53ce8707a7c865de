import { Hono } from 'hono';
import type { Dependencies } from '../dependencies.js';
import { listSamples } from '../queries/samples.js';
import { findSweep } from '../queries/sweeps.js';
import { SamplesPage } from '../views/samples.js';
import { readId } from './parameters.js';

/** What the data of a sweep looks like. */
export function sampleRoutes({ database, assets }: Dependencies): Hono {
  const app = new Hono();
  app.get('/sweeps/:id/samples', async (context) => {
    const sweepId = readId(context.req.param('id'));
    const sweep = sweepId === undefined ? undefined : await findSweep(database, sweepId);
    if (sweep === undefined) return context.notFound();
    return context.html(<SamplesPage assets={assets} sweep={sweep} samples={await listSamples(database, sweep.id)} />);
  });
  return app;
}
