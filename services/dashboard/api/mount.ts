import { Hono } from 'hono';
import type { Dependencies } from '../dependencies.js';
import { apiBase } from './errors.js';
import { openApiDocument } from './openapi.js';
import { readRequest } from './read-request.js';
import { endpoints } from './registry.js';

/** Where the API describes itself. */
export const openApiPath = `${apiBase}/openapi.json`;

/** The API for programs: every endpoint of the registry, and its description. */
export function apiRoutes(dependencies: Dependencies): Hono {
  const app = new Hono();
  const document = JSON.stringify(openApiDocument());
  app.get(openApiPath, (context) => context.body(document, 200, { 'Content-Type': 'application/json' }));
  for (const endpoint of endpoints) {
    const path = apiBase + endpoint.address.replace(/\{(\w+)\}/g, ':$1');
    app.on(endpoint.method.toUpperCase(), path, async (context) => {
      const answer = await endpoint.handle(dependencies, await readRequest(context.req, endpoint));
      // What is not described is not told.
      return context.json(endpoint.answer.parse(answer) as object);
    });
  }
  return app;
}
