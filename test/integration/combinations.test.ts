import { beforeAll, describe, expect, it } from 'vitest';
import { encoderNames, type EncoderName } from '../../services/shared/catalog/encoders.js';
import { taskKinds } from '../../services/shared/catalog/metrics.js';
import { modelNames, type ModelName } from '../../services/shared/catalog/models.js';
import { weightingNames, weightings, type WeightingInfo } from '../../services/shared/catalog/weightings.js';
import { gradientSpaces } from '../../services/shared/catalog/weighting-options.js';
import type { InputFault } from '../../services/shared/messages/commands.js';
import { planSweep } from '../../services/shared/plan/plan.js';
import { parseSweepSpec } from '../../services/shared/sweep-spec/parse.js';
import type { TrialConfig } from '../../services/shared/trial-config.js';
import { openBackend } from '../../services/worker/backends/choose.js';
import { train } from '../../services/worker/trainer/train.js';
import { openTrial } from '../../services/worker/trainer/trial.js';
import { taskKindImplementations } from '../../services/worker/workloads/registry.js';
import { kindsSpec, kindsWorkload, type KindsOfTasks } from '../helpers/kinds-workload.js';
import { faultsOf } from '../helpers/spec-faults.js';
import { everything } from '../helpers/tiers.js';

/**
 * Everything that a spec can put together is either trained to its test metrics, or refused when it is planned; and what
 * reaches a worker all the same is refused there.
 */
const encoders: Readonly<Record<EncoderName, object>> = {
  plain: { name: 'plain', channels: [4, 4, 4] },
  resnet: { name: 'resnet', channels: [4, 4, 4], units: 2 },
  depthwise: { name: 'depthwise', channels: [4, 4, 4], units: 2 },
  dense: { name: 'dense', channels: [8, 4] },
};

const taskSets: readonly KindsOfTasks[] = [
  ...taskKinds.map((kind) => ({ one: kind, two: kind })),
  { map: 'segmentation', vector: 'classification' },
  { label: 'classification', number: 'regression' },
  { map: 'normals', other: 'depth', vector: 'multi-label' },
];

beforeAll(async () => {
  await openBackend('wasm');
});

const shown = (kinds: KindsOfTasks): string => Object.values(kinds).join(' + ');
const kindsOf = (kinds: KindsOfTasks): string[] => Object.values(kinds);
const vectors = ['classification', 'multi-label', 'regression'];
const isMap = (kind: string): boolean => !vectors.includes(kind);

/** The faults of a spec; none, and the trial that it plans of all tasks, where it has none. */
function planned(kinds: KindsOfTasks, changes: object): { faults: readonly InputFault[]; config?: TrialConfig } {
  const { spec, own } = kindsSpec(kinds);
  const written = { ...spec, ...changes };
  const faults = faultsOf(() => parseSweepSpec(written, { quick: false, own }));
  if (faults.length > 0) return { faults };
  const { trials } = planSweep(parseSweepSpec(written, { quick: false, own }));
  const config = trials.at(-1)?.config;
  if (config === undefined) throw new Error('nothing was planned');
  expect(config.tasks).toEqual(Object.keys(kinds));
  return { faults, config };
}

/** The trial of a spec without fault. */
function trialOf(kinds: KindsOfTasks, changes: object): TrialConfig {
  const { faults, config } = planned(kinds, changes);
  if (config === undefined) throw new Error(`refused: ${JSON.stringify(faults)}`);
  return config;
}

/** Trains a trial to its end: every task has a number on the test split. */
async function expectTrained(config: TrialConfig, kinds: KindsOfTasks): Promise<void> {
  const tested = new Set<string>();
  const end = await train(config, {
    workload: kindsWorkload(kinds),
    kinds: taskKindImplementations,
    backend: 'wasm',
    say: (message) => {
      if (message.type !== 'metrics') return;
      expect(message.points.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
      message.points.filter(({ split }) => split === 'test').forEach(({ task }) => tested.add(task));
    },
    signal: new AbortController().signal,
  });
  expect(end).toBe('succeeded');
  expect(Object.keys(kinds).filter((task) => !tested.has(task))).toEqual([]);
}

interface Combination {
  readonly encoder: EncoderName;
  readonly model: ModelName;
  readonly kinds: KindsOfTasks;
}

/** What cannot work, and what it is refused with; the rest works. */
const refusals: readonly {
  readonly is: (combination: Combination) => boolean;
  readonly path: string;
  readonly text: RegExp;
}[] = [
  {
    is: ({ model, encoder }) => model === 'mtan' && (encoder === 'plain' || encoder === 'dense'),
    path: 'model.encoder',
    text: /must have 2 layers or more in each block for mtan.*found (plain|dense) with 1/,
  },
  {
    is: ({ encoder, kinds }) => encoder === 'dense' && kindsOf(kinds).some(isMap),
    path: 'model.encoder',
    text: /must be plain, resnet, depthwise: .* each pixel; found dense, whose features have no places/,
  },
  {
    // A dense layer of three classes and one of a number, or a map and a vector, have no shape in common.
    is: ({ model, kinds }) =>
      model === 'relationship' &&
      (kindsOf(kinds).join() === 'segmentation,classification' ||
        kindsOf(kinds).join() === 'classification,regression'),
    path: 'tasks',
    text: /must have two or more for relationship whose heads have layers of the same shape/,
  },
];

/**
 * Of what is trained, each third combination, unless everything is: any two of encoder, architecture and kinds still meet.
 */
const isChosen = (encoder: EncoderName, model: ModelName, kinds: KindsOfTasks): boolean =>
  everything ||
  refusals.some(({ is }) => is({ encoder, model, kinds })) ||
  (encoderNames.indexOf(encoder) + modelNames.indexOf(model) + taskSets.indexOf(kinds)) % 3 === 0;

const combinations = encoderNames.flatMap((encoder) =>
  modelNames.flatMap((model) => taskSets.map((kinds): Combination => ({ encoder, model, kinds }))),
);

describe.each(encoderNames)('the encoder %s', (encoder) => {
  describe.each(modelNames)('under %s', (model) => {
    const chosen = taskSets.filter((kinds) => isChosen(encoder, model, kinds));
    it.each(chosen.map((kinds) => [shown(kinds), kinds] as const))(
      'is trained on, or refused for, %s',
      async (_, kinds) => {
        const wanted = refusals.filter(({ is }) => is({ encoder, model, kinds }));
        const fields = { model: { name: model, encoder: encoders[encoder], head: 4 } };
        if (wanted.length === 0) {
          await expectTrained(trialOf(kinds, fields), kinds);
          return;
        }
        const { faults } = planned(kinds, fields);
        expect(new Set(faults.map(({ path }) => path))).toEqual(new Set(wanted.map(({ path }) => path)));
        for (const { path, message } of faults) {
          expect(
            wanted.some((refusal) => refusal.path === path && refusal.text.test(message)),
            message,
          ).toBe(true);
        }
        // A worker that is given it all the same, by an older coordinator for example, says so before it trains.
        const fitting = trialOf(kinds, { model: { name: 'hard-sharing', head: 4 } });
        const config = { ...fitting, model: { ...fitting.model, ...fields.model } } as TrialConfig;
        expect(() => openTrial(config, kindsWorkload(kinds), taskKindImplementations)).toThrow(
          expect.objectContaining({ code: 'MODEL_UNSUITABLE' }) as Error,
        );
      },
    );
  });
});

it('the table of refusals has no line that refuses nothing', () => {
  for (const { is, text } of refusals) expect(combinations.some(is), String(text)).toBe(true);
});

/** Architectures and the gradients that they cannot tell apart. */
const missingGradients: Readonly<Record<ModelName, readonly string[]>> = {
  'hard-sharing': [],
  'cross-stitch': ['representation'],
  mtan: ['representation'],
  relationship: [],
  adaptive: ['parameters', 'last-layer', 'representation'],
};

interface Setting {
  readonly entry: { readonly method: string; readonly [option: string]: unknown };
  readonly space: string | undefined;
}

const settings = weightingNames.flatMap((method): Setting[] => {
  const { options, gradients }: WeightingInfo = weightings[method];
  if (method === 'fixed') return [{ entry: { method, weights: { one: 1, two: 2 } }, space: undefined }];
  if (gradients !== 'by option') return [{ entry: { method }, space: gradients }];
  return gradientSpaces
    .filter((space) => options.safeParse({ gradients: space }).success)
    .map((space) => ({ entry: { method, gradients: space }, space }));
});

describe.each(modelNames)('%s', (name) => {
  const kinds = { one: 'segmentation', two: 'depth' } as const;
  const model = { name, encoder: encoders.resnet, head: 4 };

  const chosen = settings.filter(
    (_, index) => everything || name === 'hard-sharing' || (index + modelNames.indexOf(name)) % 3 === 0,
  );
  it.each(chosen)('is trained under, or refused for, $entry.method by gradients on $space', async (setting) => {
    const { entry, space } = setting;
    const isRefused = space !== undefined && missingGradients[name].includes(space);
    if (!isRefused) {
      await expectTrained(trialOf(kinds, { model, weightings: [entry] }), kinds);
      return;
    }
    const { faults } = planned(kinds, { model, weightings: [entry] });
    expect(faults).toHaveLength(1);
    expect(faults[0]?.path).toMatch(/^weightings\[0\]\.(gradients|method)$/);
    expect(faults[0]?.message).toContain('needs the gradient of each task on');
    const fitting = trialOf(kinds, { model: { ...model, name: 'hard-sharing' }, weightings: [entry] });
    const config = { ...fitting, model: { ...fitting.model, ...model } } as TrialConfig;
    expect(() => openTrial(config, kindsWorkload(kinds), taskKindImplementations)).toThrow(
      expect.objectContaining({ code: 'WEIGHTING_UNSUPPORTED' }) as Error,
    );
  });
});

describe('what a trial says of its doubt', () => {
  const withoutNoise = ['normals', 'multi-label'];
  const model = { name: 'hard-sharing', encoder: encoders.resnet, head: 4 };
  const uncertainty = { heteroscedastic: ['one'], logitSamples: 2, dropout: { rate: 0.1, passes: 2 } };

  it.each(taskKinds)('is trained for, or refused for, the noise of %s', async (kind) => {
    const kinds = { one: kind, two: kind };
    if (!withoutNoise.includes(kind)) {
      await expectTrained(trialOf(kinds, { model, uncertainty }), kinds);
      return;
    }
    const { faults } = planned(kinds, { model, uncertainty });
    expect(faults.map(({ path }) => path)).toEqual(['uncertainty.heteroscedastic[0]']);
    expect(faults[0]?.message).toContain(`found a task of kind ${kind}`);
    const config = { ...trialOf(kinds, { model }), uncertainty } as TrialConfig;
    expect(() => openTrial(config, kindsWorkload(kinds), taskKindImplementations)).toThrow(
      expect.objectContaining({ code: 'UNCERTAINTY_UNSUPPORTED' }) as Error,
    );
    // Dropout needs no likelihood.
    const { dropout } = uncertainty;
    await expectTrained(trialOf(kinds, { model, uncertainty: { dropout } }), kinds);
  });
});
