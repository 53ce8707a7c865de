import { z } from 'zod';
import { modelNames, models, type ModelConfig } from '../catalog/models.js';
import { shownText } from './field-kinds.js';

/** An entry of `models:`; what all architectures have is the sweep's, where the entry does not say otherwise. */
export type SpecModel = ModelConfig & { label?: string | undefined };

/** An entry as it is written, `encoder` and `head` left out where they are those of `model`. */
export const modelEntry: z.ZodType<SpecModel> = (() => {
  const entries = modelNames.map((name) => {
    const { encoder, head, ...own } = models[name].options.shape;
    return z.strictObject({
      name: z.literal(name).describe(models[name].label),
      encoder: encoder.unwrap().describe('As in `model` if left out.').optional(),
      head: head.unwrap().describe('As in `model` if left out.').optional(),
      ...own,
      label: shownText(100).describe('Its name in the comparison.').optional(),
    });
  });
  // Built from the catalog's table like the weightings; the catalog's own union says the type.
  return z.discriminatedUnion(
    'name',
    entries as unknown as [(typeof entries)[0] & object],
  ) as unknown as z.ZodType<SpecModel>;
})();

/** Gives the entries of `models` what they do not say themselves. */
export function fillModels(entries: readonly SpecModel[], { encoder, head }: ModelConfig): SpecModel[] {
  return entries.map((entry) => ({ ...entry, ...fill(entry, { encoder, head }) }));
}

function fill(
  entry: Partial<SpecModel>,
  usual: Pick<ModelConfig, 'encoder' | 'head'>,
): Pick<ModelConfig, 'encoder' | 'head'> {
  return { encoder: entry.encoder ?? usual.encoder, head: entry.head ?? usual.head };
}

/** An architecture of a sweep. */
export interface SweepModel {
  /** Where it is in the spec. */
  readonly path: readonly (string | number)[];
  readonly config: ModelConfig;
  /** The person's name for it. */
  readonly label: string | undefined;
}

/** The architectures that a sweep compares: those of `models`, or else the one of `model`. */
export function modelsOf(spec: {
  readonly model: ModelConfig;
  readonly models?: SpecModel[] | undefined;
}): SweepModel[] {
  if (spec.models === undefined) return [{ path: ['model'], config: spec.model, label: undefined }];
  return spec.models.map(({ label, ...config }, index) => ({ path: ['models', index], config, label }));
}

/** The network that a task of an architecture is trained in alone: hard sharing of nothing, with the same encoder and head. */
export function singleTaskModel({ encoder, head }: ModelConfig): ModelConfig {
  return { name: 'hard-sharing', encoder, head };
}
