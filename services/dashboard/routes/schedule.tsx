import { Hono } from 'hono';
import { priority } from '../../shared/schedule/options.js';
import type { Dependencies } from '../dependencies.js';
import { listQueue } from '../queries/queue.js';
import { listSlotTrials } from '../queries/slot-trials.js';
import { listWorkers } from '../queries/workers.js';
import { QueueTable } from '../views/queue.js';
import { WorkersPage, WorkersTable } from '../views/workers.js';
import { answerTo, readFields, readId, readNotice } from './parameters.js';

/** The page of workers and queue, and what steers the queue: of sweeps and of trials alike. */
export function scheduleRoutes({ database, assets, commands }: Dependencies): Hono {
  const app = new Hono();
  const workers = async () => {
    const rows = await listWorkers(database);
    const ids = rows.map(({ id }) => id);
    return <WorkersTable workers={rows} slots={await listSlotTrials(database, ids)} />;
  };
  const queue = async () => <QueueTable sweeps={await listQueue(database)} />;

  app.get('/workers', async (context) => {
    const [workersTable, queueTable] = await Promise.all([workers(), queue()]);
    const notice = readNotice(context.req.query());
    return context.html(<WorkersPage assets={assets} workers={workersTable} queue={queueTable} notice={notice} />);
  });
  app.get('/fragment/workers', async (context) => context.html(await workers()));
  app.get('/fragment/queue', async (context) => context.html(await queue()));

  for (const kind of ['sweeps', 'trials'] as const) {
    const targetOf = (id: string) => (kind === 'sweeps' ? { sweepId: id } : { trialId: id });

    app.post(`/${kind}/:id/pause`, async (context) => {
      const id = readId(context.req.param('id'));
      if (id === undefined) return context.notFound();
      const field = await readFields(context.req);
      const { held } = await commands.pause({ ...targetOf(id), now: field('now') === 'yes' });
      return context.redirect(answerTo(`/${kind}/${id}`, field('from'), 'paused', held), 303);
    });

    app.post(`/${kind}/:id/resume`, async (context) => {
      const id = readId(context.req.param('id'));
      if (id === undefined) return context.notFound();
      const field = await readFields(context.req);
      const { startable } = await commands.resume(targetOf(id));
      return context.redirect(answerTo(`/${kind}/${id}`, field('from'), 'resumed', startable), 303);
    });

    app.post(`/${kind}/:id/priority`, async (context) => {
      const id = readId(context.req.param('id'));
      if (id === undefined) return context.notFound();
      const field = await readFields(context.req);
      const wanted = priority.safeParse(field('priority') === '' ? NaN : Number(field('priority')));
      if (!wanted.success) return context.text('The priority must be a whole number from -1000 to 1000.', 400);
      await commands.schedule({ ...targetOf(id), priority: wanted.data });
      return context.redirect(answerTo(`/${kind}/${id}`, field('from'), 'priority', wanted.data), 303);
    });
  }
  return app;
}
