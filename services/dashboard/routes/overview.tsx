import { Hono } from 'hono';
import type { Dependencies } from '../dependencies.js';
import { listSweeps } from '../queries/sweeps.js';
import { listWorkers } from '../queries/workers.js';
import { SweepListPage, SweepTable } from '../views/sweep-list.js';
import { WorkersPage, WorkersTable } from '../views/workers.js';

/** The list of sweeps and the workers. */
export function overviewRoutes({ database, assets }: Dependencies): Hono {
  const app = new Hono();
  app.get('/', async (context) => {
    const [sweeps, workers] = await Promise.all([listSweeps(database), listWorkers(database)]);
    return context.html(<SweepListPage assets={assets} sweeps={sweeps} workers={workers} />);
  });
  app.get('/workers', async (context) =>
    context.html(<WorkersPage assets={assets} workers={await listWorkers(database)} />),
  );
  app.get('/fragment/sweeps', async (context) => context.html(<SweepTable sweeps={await listSweeps(database)} />));
  app.get('/fragment/workers', async (context) => context.html(<WorkersTable workers={await listWorkers(database)} />));
  return app;
}
