import { Hono } from 'hono';
import { pictureKinds } from '../../shared/messages/reports.js';
import type { Dependencies } from '../dependencies.js';
import { readPicture } from '../queries/pictures.js';
import { readCount, readId } from './parameters.js';

/** A day; a picture's key is written once and its row never changes. */
const pictureCache = 'private, max-age=86400, immutable';

/** What a script loads when it needs it; the bundler puts a hash into the name. */
const loadedLater = /-[0-9A-Z]{8}\.js$/;

/** The browser bundle and the pictures of predictions. */
export function fileRoutes({ database, assets }: Dependencies): Hono {
  const app = new Hono();

  app.get('/assets/:name', (context) => {
    const name = context.req.param('name');
    const asset = assets.get(name);
    if (asset === undefined) return context.notFound();
    // Weak: it goes over the network compressed.
    const etag = `W/"${asset.hash}"`;
    // With the hash in the address the answer can never be another one.
    const isNamed = context.req.query('v') === asset.hash || loadedLater.test(name);
    const cache = isNamed ? 'public, max-age=31536000, immutable' : 'no-cache';
    const headers = {
      'Content-Type': asset.contentType,
      'Cache-Control': cache,
      ETag: etag,
      Vary: 'Accept-Encoding',
    };
    if (context.req.header('If-None-Match') === etag) return context.body(null, 304, headers);
    if (!/\bgzip\b/.test(context.req.header('Accept-Encoding') ?? '')) return context.body(asset.body, 200, headers);
    return context.body(asset.compressed, 200, { ...headers, 'Content-Encoding': 'gzip' });
  });

  app.get('/pictures/:trial/:attempt/:epoch/:sample/:task/:file', async (context) => {
    const parameters = context.req.param();
    const trialId = readId(parameters.trial);
    const attempt = readCount(parameters.attempt);
    const epoch = readCount(parameters.epoch);
    const sample = readCount(parameters.sample);
    const kind = pictureKinds.find((known) => `${known}.png` === parameters.file);
    if (
      trialId === undefined ||
      attempt === undefined ||
      epoch === undefined ||
      sample === undefined ||
      kind === undefined ||
      parameters.task.includes('\0')
    ) {
      return context.notFound();
    }
    const png = await readPicture(database, { trialId, attempt, epoch, sample, task: parameters.task, kind });
    if (png === undefined) return context.notFound();
    return context.body(new Uint8Array(png), 200, { 'Content-Type': 'image/png', 'Cache-Control': pictureCache });
  });

  return app;
}
