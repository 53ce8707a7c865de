import { Hono } from 'hono';
import type { Dependencies } from '../dependencies.js';
import { listSweeps } from '../queries/sweeps.js';
import { listWorkers } from '../queries/workers.js';
import { SweepListPage, SweepPart } from '../views/sweep-list.js';
import { readNotice, readSweepFilter } from './parameters.js';
import { WorkersTable } from '../views/workers.js';

/** The list of sweeps, with the workers in short. */
export function overviewRoutes({ database, assets }: Dependencies): Hono {
  const app = new Hono();
  app.get('/', async (context) => {
    const filter = readSweepFilter(context.req.query());
    const [sweeps, workers] = await Promise.all([listSweeps(database, filter), listWorkers(database)]);
    const notice = readNotice(context.req.query());
    return context.html(
      <SweepListPage assets={assets} sweeps={sweeps} workers={workers} filter={filter} notice={notice} />,
    );
  });
  app.get('/fragment/sweeps', async (context) => {
    const filter = readSweepFilter(context.req.query());
    return context.html(<SweepPart sweeps={await listSweeps(database, filter)} filter={filter} />);
  });
  app.get('/fragment/workers/short', async (context) =>
    context.html(<WorkersTable workers={await listWorkers(database)} />),
  );
  return app;
}
