import { Hono } from 'hono';
import { newId } from '../../shared/ids.js';
import { submission } from '../../shared/sweep-spec/submission.js';
import type { Dependencies } from '../dependencies.js';
import { checkSpecText, type SpecCheck } from '../launch/check-spec.js';
import { estimateTime } from '../launch/estimate.js';
import { previewSweep } from '../launch/preview.js';
import { textOfSpec } from '../launch/start-text.js';
import { listOwnWorkloads } from '../queries/own-workloads.js';
import { listPastRuns } from '../queries/past-runs.js';
import { everything, listSweeps, readStoredSpec } from '../queries/sweeps.js';
import { countWaiting, listCapacity } from '../queries/workers.js';
import { CheckResult, type Preview } from '../views/launch-check.js';
import { LaunchPage, type LaunchForm } from '../views/launch.js';
import { readFields, readId } from './parameters.js';

/** What the page begins with: the paper's first table, two tasks and minutes at its quick size. */
const firstExample = 'class-depth';
/** Past sweeps that are offered as a start. */
const offeredSweeps = 50;

/** Launching a sweep: the page, its live check, the submission. */
export function launchRoutes({ database, assets, commands, examples }: Dependencies): Hono {
  const app = new Hono();

  const previewOf = async (check: SpecCheck): Promise<Preview | undefined> => {
    if (!check.ok) return undefined;
    const sweep = previewSweep(check.spec);
    const [past, workers, waiting] = await Promise.all([
      listPastRuns(database, check.spec.workload),
      listCapacity(database),
      countWaiting(database),
    ]);
    const time = sweep.rows === undefined ? undefined : estimateTime(check.spec, sweep.rows, past, workers);
    return { sweep, time, waiting };
  };
  const page = async (form: LaunchForm, from: { example?: string; sweep?: string } = {}) => {
    const check = checkSpecText(form.text, { quick: form.quick, own: await listOwnWorkloads(database) });
    const [sweeps, preview] = await Promise.all([listSweeps(database, everything, offeredSweeps), previewOf(check)]);
    return (
      <LaunchPage
        assets={assets}
        examples={examples}
        sweeps={sweeps}
        from={from}
        form={form}
        check={<CheckResult check={check} preview={preview} />}
      />
    );
  };

  app.get('/launch', async (context) => {
    const { example: name, sweep: asked } = context.req.query();
    const fresh = { quick: false, again: false, key: newId('sweep') };
    if (asked !== undefined) {
      const sweepId = readId(asked);
      const stored = sweepId === undefined ? undefined : await readStoredSpec(database, sweepId);
      if (sweepId === undefined || stored === undefined) return context.notFound();
      return context.html(await page({ ...fresh, text: textOfSpec(stored.spec) }, { sweep: sweepId }));
    }
    const example =
      examples.find((one) => one.name === (name ?? firstExample)) ?? (name === undefined ? examples[0] : undefined);
    if (name !== undefined && example === undefined) return context.notFound();
    const from = example === undefined ? {} : { example: example.name };
    return context.html(await page({ ...fresh, text: example?.text ?? '' }, from));
  });

  app.post('/launch/check', async (context) => {
    const { text, quick } = readForm(await readFields(context.req));
    const check = checkSpecText(text, { quick, own: await listOwnWorkloads(database) });
    return context.html(<CheckResult check={check} preview={await previewOf(check)} />);
  });

  app.post('/launch', async (context) => {
    const field = await readFields(context.req);
    const form = readForm(field);
    const check = checkSpecText(form.text, { quick: form.quick, own: await listOwnWorkloads(database) });
    // Without script, checking is a button of the same form.
    if (field('action') === 'check' || !check.ok) return context.html(await page(form), check.ok ? 200 : 422);
    const given = submission(check.spec, form.again ? form.key : undefined);
    const { sweepId, created } = await commands.submit(given);
    return context.redirect(`/sweeps/${sweepId}?launched=${created ? 'new' : 'again'}`, 303);
  });

  return app;
}

/** What a form of the page posts; browsers end lines with CR LF. */
function readForm(text: (name: string) => string): LaunchForm {
  return {
    text: text('spec').replaceAll('\r\n', '\n'),
    quick: text('quick') !== '',
    again: text('again') !== '',
    key: readId(text('key')) ?? newId('sweep'),
  };
}
