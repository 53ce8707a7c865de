import { Hono } from 'hono';
import { longestNotes, mostTags } from '../../shared/messages/commands.js';
import type { Dependencies } from '../dependencies.js';
import { findSweep } from '../queries/sweeps.js';
import { DeleteSweepPage } from '../views/delete-sweep.js';
import { readFields, readId } from './parameters.js';

/** Tags as a form has them: words with commas between them, each once. */
export function readTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.replace(/\p{C}/gu, ' ').trim().slice(0, 40).trim());
  return [...new Set(tags.filter((tag) => tag !== ''))].slice(0, mostTags);
}

/** Notes, tags, archive and deletion of what is there. */
export function annotationRoutes({ database, assets, commands }: Dependencies): Hono {
  const app = new Hono();

  for (const kind of ['sweeps', 'trials'] as const) {
    app.post(`/${kind}/:id/annotation`, async (context) => {
      const id = readId(context.req.param('id'));
      if (id === undefined) return context.notFound();
      const text = await readFields(context.req);
      const notes = text('notes').replaceAll('\r\n', '\n').replaceAll('\0', '').slice(0, longestNotes).trimEnd();
      const target = kind === 'sweeps' ? { sweepId: id } : { trialId: id };
      await commands.annotate({ ...target, notes, tags: readTags(text('tags')) });
      return context.redirect(`/${kind}/${id}?saved=yes`, 303);
    });
  }

  const sweepOf = async (text: string) => {
    const sweepId = readId(text);
    return sweepId === undefined ? undefined : findSweep(database, sweepId);
  };

  app.post('/sweeps/:id/archive', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const archived = (await readFields(context.req))('archived') === 'yes';
    await commands.archive({ sweepId: sweep.id, archived });
    return context.redirect(`/sweeps/${sweep.id}?archived=${archived ? 'yes' : 'no'}`, 303);
  });

  app.get('/sweeps/:id/delete', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    return sweep === undefined ? context.notFound() : context.html(<DeleteSweepPage assets={assets} sweep={sweep} />);
  });

  app.post('/sweeps/:id/delete', async (context) => {
    const sweep = await sweepOf(context.req.param('id'));
    if (sweep === undefined) return context.notFound();
    const deleted = await commands.delete({ sweepId: sweep.id });
    return context.redirect(`/?deleted=${String(deleted)}`, 303);
  });

  return app;
}
