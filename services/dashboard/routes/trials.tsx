import { isTerminal } from '../../shared/trial-state.js';
import { Hono, type Context } from 'hono';
import { trialChartSections } from '../charts/trial-charts.js';
import type { Dependencies } from '../dependencies.js';
import { readAnnotation } from '../queries/annotations.js';
import { readTestMetrics, readTrialMetrics } from '../queries/curves.js';
import { listPictures } from '../queries/pictures.js';
import { listTrialChoices } from '../queries/trial-choices.js';
import { findTrial, readLog, type TrialDetail } from '../queries/trials.js';
import { ConfigurationDifference } from '../views/configuration-difference.js';
import { Pictures } from '../views/pictures.js';
import { AnnotationCard } from '../views/annotation.js';
import { ConfusionMatrices } from '../views/confusion.js';
import { Configuration, Log } from '../views/trial-parts.js';
import { Attempts, Checkpoints, TrialHead, TrialPage } from '../views/trial.js';
import { answerTo, readCount, readFields, readId, readNotice } from './parameters.js';

/** What a request asks to see of a trial. */
interface View {
  readonly trial: TrialDetail;
  /** The attempt shown: the one asked for where it exists, otherwise the newest; 0 when there is none. */
  readonly attempt: number;
  readonly chosenAttempt: number | undefined;
  readonly epoch: number | undefined;
}

/** A trial's page, its parts, its charts' data, its commands. */
export function trialRoutes({ database, assets, commands }: Dependencies): Hono {
  const app = new Hono();

  const viewOf = async (context: Context<object, '/:id'>): Promise<View | undefined> => {
    const trialId = readId(context.req.param('id'));
    const trial = trialId === undefined ? undefined : await findTrial(database, trialId);
    if (trial === undefined) return undefined;
    const asked = readCount(context.req.query('attempt'));
    const chosenAttempt = trial.attempts.some((attempt) => attempt.number === asked) ? asked : undefined;
    return {
      trial,
      attempt: chosenAttempt ?? trial.attempts[0]?.number ?? 0,
      chosenAttempt,
      epoch: readCount(context.req.query('epoch')),
    };
  };
  const pictures = async ({ trial, attempt, chosenAttempt, epoch }: View) => (
    <Pictures
      trialId={trial.id}
      source={trial.sweep}
      tasks={trial.setting.tasks}
      pictures={await listPictures(database, trial.id, attempt)}
      epoch={epoch}
      attempt={chosenAttempt}
      over={isTerminal(trial.state)}
    />
  );
  const head = async ({ trial, attempt }: View) => (
    <TrialHead trial={trial} metrics={await readTestMetrics(database, trial.id, attempt)} />
  );
  const confusion = async ({ trial, attempt }: View) => (
    <ConfusionMatrices
      source={trial.sweep}
      tasks={trial.setting.tasks}
      metrics={await readTestMetrics(database, trial.id, attempt)}
    />
  );
  const attempts = ({ trial, attempt }: View) => (
    <>
      <Attempts trial={trial} shown={attempt} />
      <Checkpoints checkpoints={trial.checkpoints} />
    </>
  );
  const log = async ({ trial, attempt }: View) => <Log {...await readLog(database, trial.id, attempt)} />;

  const difference = async ({ trial, attempt }: View, asked: string | undefined) => {
    const otherId = readId(asked);
    const [other, choices, metrics] = await Promise.all([
      otherId === undefined || otherId === trial.id ? undefined : findTrial(database, otherId),
      listTrialChoices(database, { ...trial, sweepId: trial.sweep.id }),
      readTestMetrics(database, trial.id, attempt),
    ]);
    return (
      <ConfigurationDifference
        source={trial.sweep}
        tasks={trial.setting.tasks}
        trial={{ ...trial, metrics }}
        other={
          other === undefined
            ? undefined
            : { ...other, metrics: await readTestMetrics(database, other.id, other.attempt) }
        }
        choices={choices}
      />
    );
  };

  /** The parts that are fetched again when something changed. */
  const parts: Readonly<Record<string, (view: View) => Promise<ReturnType<typeof TrialHead>>>> = {
    head,
    attempts: (view) => Promise.resolve(attempts(view)),
    pictures,
    confusion,
    log,
  };

  app.get('/trials/:id', async (context) => {
    const view = await viewOf(context);
    if (view === undefined) return context.notFound();
    const query = new URLSearchParams();
    if (view.chosenAttempt !== undefined) query.set('attempt', String(view.chosenAttempt));
    if (view.epoch !== undefined) query.set('epoch', String(view.epoch));
    return context.html(
      <TrialPage
        assets={assets}
        trial={view.trial}
        attempt={view.attempt}
        query={query.size === 0 ? '' : `?${query.toString()}`}
        notice={readNotice(context.req.query())}
        head={await head(view)}
        attempts={attempts(view)}
        annotation={
          <AnnotationCard
            base={`/trials/${view.trial.id}`}
            annotation={await readAnnotation(database, view.trial.id)}
          />
        }
        pictures={await pictures(view)}
        confusion={await confusion(view)}
        configuration={
          <>
            <Configuration config={view.trial.config} />
            {await difference(view, context.req.query('against'))}
          </>
        }
        log={await log(view)}
      />,
    );
  });

  app.get('/trials/:id/fragment/:part', async (context) => {
    const name = context.req.param('part');
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    const view = part === undefined ? undefined : await viewOf(context);
    return part === undefined || view === undefined ? context.notFound() : context.html(await part(view));
  });

  app.get('/trials/:id/charts.json', async (context) => {
    const view = await viewOf(context);
    if (view === undefined) return context.notFound();
    const { trial, attempt } = view;
    const sections = trialChartSections({
      ...trial.sweep,
      tasks: trial.setting.tasks,
      learned: trial.setting.kind === 'learned',
      metrics: await readTrialMetrics(database, trial.id, attempt),
    });
    return context.json({ sections });
  });

  app.post('/trials/:id/cancel', async (context) => {
    const view = await viewOf(context);
    if (view === undefined) return context.notFound();
    const field = await readFields(context.req);
    const cancelled = await commands.cancel({ trialId: view.trial.id });
    return context.redirect(answerTo(`/trials/${view.trial.id}`, field('from'), 'cancelled', cancelled), 303);
  });

  app.post('/trials/:id/retry', async (context) => {
    const view = await viewOf(context);
    if (view === undefined) return context.notFound();
    const field = await readFields(context.req);
    const queued = await commands.retry({ trialId: view.trial.id });
    return context.redirect(answerTo(`/trials/${view.trial.id}`, field('from'), 'queued', queued), 303);
  });

  return app;
}
