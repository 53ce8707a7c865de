import type { Database } from '../../shared/db/connect.js';

/** Notes and tags of a sweep or a trial. */
export interface AnnotationView {
  readonly notes: string;
  readonly tags: readonly string[];
}

const nothing: AnnotationView = { notes: '', tags: [] };

/** @param target id of a sweep or a trial */
export async function readAnnotation(database: Database, target: string): Promise<AnnotationView> {
  const row = await database.annotation.findUnique({ where: { target }, select: { notes: true, tags: true } });
  return row ?? nothing;
}
