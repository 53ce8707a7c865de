import { Hono, type Context } from 'hono';
import { compress } from 'hono/compress';
import { contextStorage } from 'hono/context-storage';
import { HTTPException } from 'hono/http-exception';
import { SigmasweepError } from '../shared/errors.js';
import { guard, healthPath } from './access/guard.js';
import { pageHeaders } from './access/headers.js';
import { limitedBody, limitedRate } from './access/request-limits.js';
import { sameOrigin } from './access/same-origin.js';
import { errorAnswer, faultsOf, isOfApi, statusOf } from './api/errors.js';
import { apiRoutes, openApiPath } from './api/mount.js';
import type { Dependencies } from './dependencies.js';
import { shareParts } from './live/share-parts.js';
import { isDatabaseUnavailable } from './queries/availability.js';
import { actionRoutes } from './routes/actions.js';
import { annotationRoutes } from './routes/annotations.js';
import { eventRoutes } from './routes/events.js';
import { fileRoutes } from './routes/files.js';
import { launchRoutes } from './routes/launch.js';
import { loginRoutes } from './routes/login.js';
import { overviewRoutes } from './routes/overview.js';
import { partRoutes } from './routes/parts.js';
import { publishRoutes } from './routes/publish.js';
import { sampleRoutes } from './routes/samples.js';
import { scheduleRoutes } from './routes/schedule.js';
import { sweepRoutes } from './routes/sweeps.js';
import { tableRoutes } from './routes/tables.js';
import { trialRoutes } from './routes/trials.js';
import { MessagePage } from './views/message.js';

/** The features of the dashboard. A new one is a file in routes/ and a line here. */
const features = [
  loginRoutes,
  overviewRoutes,
  launchRoutes,
  sweepRoutes,
  sampleRoutes,
  tableRoutes,
  publishRoutes,
  trialRoutes,
  scheduleRoutes,
  fileRoutes,
  actionRoutes,
  annotationRoutes,
  eventRoutes,
  apiRoutes,
] as const;

const home = { href: '/', label: 'All sweeps' };

/** Builds the web application; everything outside of it is given, so that tests can give something else. */
export function createDashboard(dependencies: Dependencies): Hono {
  const { assets, logger } = dependencies;
  const app = new Hono();

  app.use(compress());
  app.use(pageHeaders);
  app.use(contextStorage());
  app.use(sameOrigin);
  app.use(guard({ ...dependencies.access, assets }));
  app.use(limitedRate(dependencies.access));
  app.use(limitedBody);
  app.use(async (context, next) => {
    await next();
    // Pages show what is true now; a back button should not bring an old state.
    if (!context.res.headers.has('Cache-Control')) context.header('Cache-Control', 'no-store');
  });
  app.use(shareParts(dependencies.live));
  app.get(healthPath, (context) => context.json({ ok: true }));
  for (const feature of features) app.route('/', feature(dependencies));
  app.route(
    '/',
    partRoutes(dependencies.live, (request, env) => app.fetch(request, env)),
  );

  app.notFound((context) =>
    isOfApi(context)
      ? errorAnswer(context, {
          code: 'NOT_FOUND',
          message: `There is no ${context.req.method} ${context.req.path}.`,
          hint: `${openApiPath} lists what there is.`,
        })
      : context.html(
          <MessagePage
            assets={assets}
            title="Not found"
            text="There is no sweep, trial or page at this address."
            back={home}
          />,
          404,
        ),
  );

  app.onError((error: Error, context: Context) => {
    if (error instanceof HTTPException) return error.getResponse();
    if (isDatabaseUnavailable(error)) {
      logger.warn({ path: context.req.path, error: error.message }, 'database unavailable');
      context.header('Retry-After', '5');
      if (isOfApi(context)) {
        const message = 'The dashboard runs, but PostgreSQL does not answer.';
        return errorAnswer(context, { code: 'DATABASE_UNAVAILABLE', message, hint: 'Try again in a few seconds.' });
      }
      return context.html(
        <MessagePage
          assets={assets}
          title="The database is away"
          text="The dashboard runs, but PostgreSQL does not answer. Training goes on; its reports are kept until it is back."
          hint="This page tries again every 5 seconds."
          back={{ href: context.req.method === 'GET' ? context.req.path : '/', label: 'Try now' }}
          retryAfter={5}
        />,
        503,
      );
    }
    if (error instanceof SigmasweepError) {
      logger.warn({ path: context.req.path, code: error.code, error: error.message }, 'command refused');
      if (isOfApi(context)) {
        const { code, message, hint } = error;
        return errorAnswer(context, { code, message, hint, faults: faultsOf(error) });
      }
      return context.html(
        <MessagePage
          assets={assets}
          title="That did not work"
          text={error.message}
          hint={error.hint}
          code={error.code}
          back={home}
        />,
        statusOf(error.code),
      );
    }
    logger.error({ path: context.req.path, error: error.message, stack: error.stack }, 'request failed');
    if (isOfApi(context)) {
      const message = 'This is a fault of the dashboard. Its log says what happened.';
      return errorAnswer(context, { code: 'INTERNAL', message });
    }
    return context.html(
      <MessagePage
        assets={assets}
        title="Something went wrong"
        text="This is a fault of the dashboard. Its log says what happened."
        back={home}
      />,
      500,
    );
  });

  return app;
}
