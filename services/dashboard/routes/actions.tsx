import { Hono } from 'hono';
import type { Dependencies } from '../dependencies.js';
import { listActions } from '../queries/actions.js';
import { ActionsPage } from '../views/actions.js';

/** The log of actions. */
export function actionRoutes({ database, assets }: Dependencies): Hono {
  const app = new Hono();
  app.get('/actions', async (context) => {
    const before = context.req.query('before');
    const id = before !== undefined && /^\d{1,18}$/.test(before) ? BigInt(before) : undefined;
    return context.html(<ActionsPage assets={assets} rows={await listActions(database, id)} />);
  });
  return app;
}
