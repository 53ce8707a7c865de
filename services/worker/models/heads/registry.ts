import type { OutputForm } from '../../../shared/catalog/outputs.js';
import type { ModelTask } from '../model.js';
import type { Head, HeadSurroundings } from './head.js';
import { mapHead } from './map.js';
import { vectorHead } from './vector.js';

type HeadFactory = (task: ModelTask, surroundings: HeadSurroundings) => Head;

const heads: Readonly<Record<OutputForm, HeadFactory>> = { map: mapHead, vector: vectorHead };

/** The head that a task's output needs. */
export function headOf(task: ModelTask, surroundings: HeadSurroundings): Head {
  return heads[task.output](task, surroundings);
}
