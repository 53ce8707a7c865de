import { z } from 'zod';
import { weightingOptions as options, type GradientSpace } from './weighting-options.js';

/** How a family of settings is laid out in the comparison. */
export interface WeightingInfo {
  readonly label: string;
  readonly description: string;
  readonly source: string;
  /** Whether its weights move during training, so that it is one line of the chart and not a point of the grid. */
  readonly learned: boolean;
  /** On what it takes each task's gradient, which its option `gradients` may say; left out where it needs the losses only. */
  readonly gradients?: GradientSpace | 'by option';
  /** Whether it takes ratios or logarithms of the losses it is given, so that these must be above 0. */
  readonly positiveLosses?: true | 'by option';
  readonly options: z.ZodObject;
}

/** Every weighting by name. A new one is an entry here, its options, and one file in services/worker/weighting. */
export const weightings = {
  fixed: {
    label: 'fixed weights',
    description: 'The weighted sum of the losses with constant weights.',
    source: 'Kendall, Gal & Cipolla 2018, section 3',
    learned: false,
    options: options.fixed,
  },
  equal: {
    label: 'equal weights',
    description: 'The unweighted mean of the losses: every task weighs 1/T.',
    source: 'Kendall, Gal & Cipolla 2018, table 1 ("unweighted sum")',
    learned: false,
    options: options.equal,
  },
  uncertainty: {
    label: 'task uncertainty',
    description: 'Each loss is weighted by the task’s learned homoscedastic uncertainty.',
    source: 'Kendall, Gal & Cipolla 2018, section 3.2 and eq. 10',
    learned: true,
    options: options.uncertainty,
  },
  'soft-optimal': {
    label: 'soft optimal uncertainty',
    description: 'Weights are a softmax over the inverse losses, the analytic optimum of the task uncertainties.',
    source: 'Kirchdorfer et al. 2024 (UW-SO)',
    learned: true,
    positiveLosses: true,
    options: options['soft-optimal'],
  },
  dwa: {
    label: 'dynamic weight average',
    description: 'Each epoch, tasks whose loss fell the least over the last two epochs get more weight.',
    source: 'Liu, Johns & Davison 2019 (MTAN), "dynamic weight average"',
    learned: true,
    options: options.dwa,
  },
  random: {
    label: 'random loss weighting',
    description: 'Weights are drawn anew for every step: the baseline that every learned weighting should beat.',
    source: 'Lin et al. 2022 (RLW)',
    learned: true,
    options: options.random,
  },
  geometric: {
    label: 'geometric loss',
    description: 'The geometric mean of the losses, whose minimum does not depend on their scales.',
    source: 'Chennupati et al. 2019 (GLS)',
    learned: true,
    positiveLosses: true,
    options: options.geometric,
  },
  'scale-invariant': {
    label: 'scale-invariant loss',
    description: 'The sum of the logarithms of the losses: each counts by its relative change.',
    source: 'Navon et al. 2022, section 6 ("scale-invariant" baseline)',
    learned: true,
    positiveLosses: true,
    options: options['scale-invariant'],
  },
  'imtl-l': {
    label: 'IMTL-L',
    description: 'Learned scales that bring all losses to the same size.',
    source: 'Liu et al. 2021 (IMTL), section 3.2',
    learned: true,
    positiveLosses: true,
    options: options['imtl-l'],
  },
  dtp: {
    label: 'dynamic task prioritisation',
    description: 'Tasks that are still bad at what they do get more weight, by a focal term of their KPI.',
    source: 'Guo et al. 2018',
    learned: true,
    positiveLosses: true,
    options: options.dtp,
  },
  famo: {
    label: 'FAMO',
    description: 'Weights move so that all losses fall at the same relative rate, told from the losses alone.',
    source: 'Liu et al. 2023, algorithm 1',
    learned: true,
    positiveLosses: true,
    options: options.famo,
  },
  gradnorm: {
    label: 'GradNorm',
    description: 'Weights move so that the tasks’ gradients have norms that fit how slowly each learns.',
    source: 'Chen et al. 2018, algorithm 1',
    learned: true,
    positiveLosses: true,
    gradients: 'by option',
    options: options.gradnorm,
  },
  'imtl-g': {
    label: 'IMTL-G',
    description: 'The update has the same projection on every task’s gradient.',
    source: 'Liu et al. 2021 (IMTL), section 3.1',
    learned: true,
    gradients: 'by option',
    options: options['imtl-g'],
  },
  imtl: {
    label: 'IMTL',
    description: 'IMTL-L for the sizes of the losses and IMTL-G for the shared update.',
    source: 'Liu et al. 2021, algorithm 1',
    learned: true,
    positiveLosses: true,
    gradients: 'by option',
    options: options.imtl,
  },
  mgda: {
    label: 'MGDA',
    description: 'The shortest convex combination of the tasks’ gradients: no loss grows along it.',
    source: 'Sener & Koltun 2018, algorithm 2 and the upper bound (MGDA-UB)',
    learned: true,
    positiveLosses: 'by option',
    gradients: 'by option',
    options: options.mgda,
  },
  pcgrad: {
    label: 'PCGrad',
    description: 'Each task’s gradient is freed of the parts that work against another’s, then they are added.',
    source: 'Yu et al. 2020, algorithm 1',
    learned: true,
    gradients: 'parameters',
    options: options.pcgrad,
  },
  gradvac: {
    label: 'gradient vaccine',
    description: 'Like PCGrad, towards the usual cosine of each pair of tasks instead of 0.',
    source: 'Wang et al. 2021 (GradVac), algorithm 1',
    learned: true,
    gradients: 'parameters',
    options: options.gradvac,
  },
  graddrop: {
    label: 'gradient sign dropout',
    description: 'At each element of the representation one sign is drawn, and gradients of the other are dropped.',
    source: 'Chen et al. 2020 (GradDrop), algorithm 1',
    learned: true,
    gradients: 'representation',
    options: options.graddrop,
  },
  cagrad: {
    label: 'CAGrad',
    description: 'Near the mean gradient, the update that helps the worst-off task the most.',
    source: 'Liu et al. 2021 (CAGrad), algorithm 1',
    learned: true,
    gradients: 'parameters',
    options: options.cagrad,
  },
  'nash-mtl': {
    label: 'Nash-MTL',
    description: 'The update on which the tasks would agree when they bargain (Nash’s solution).',
    source: 'Navon et al. 2022, section 3 and algorithm 1',
    learned: true,
    gradients: 'parameters',
    options: options['nash-mtl'],
  },
  'aligned-mtl': {
    label: 'Aligned-MTL',
    description: 'The gradients’ principal components are given the same length, so that none dominates.',
    source: 'Senushkin et al. 2023, algorithm 1',
    learned: true,
    gradients: 'by option',
    options: options['aligned-mtl'],
  },
} as const satisfies Record<string, WeightingInfo>;

export type WeightingName = keyof typeof weightings;
export const weightingNames = Object.keys(weightings) as [WeightingName, ...WeightingName[]];

/** A method's options beside its name; zod's type of no options would forbid the name, too. */
type Config<Name extends WeightingName> = { method: Name } & (string extends keyof Options<Name>
  ? unknown
  : Options<Name>);
type Options<Name extends WeightingName> = z.output<(typeof weightings)[Name]['options']>;

/** A weighting with its options filled in, as a trial carries it. */
export type WeightingConfig = { [Name in WeightingName]: Config<Name> }[WeightingName];

const configs = weightingNames.map((method) => weightings[method].options.extend({ method: z.literal(method) }));

// Built from the table, which TypeScript cannot follow; the table itself says the type.
export const weightingConfig = z.discriminatedUnion(
  'method',
  configs as unknown as [z.ZodObject<{ method: z.ZodLiteral<string> }>],
) as unknown as z.ZodType<WeightingConfig>;

/** With respect to what a weighting takes the tasks' gradients; undefined where it needs the losses only. */
export function gradientSpaceOf(config: WeightingConfig): GradientSpace | undefined {
  const { gradients }: WeightingInfo = weightings[config.method];
  if (gradients !== 'by option') return gradients;
  return 'gradients' in config ? config.gradients : undefined;
}

/** Whether a weighting divides by the losses it is given or takes their logarithms, so that these must be above 0. */
export function needsPositiveLosses(config: WeightingConfig): boolean {
  const { positiveLosses }: WeightingInfo = weightings[config.method];
  if (positiveLosses !== 'by option') return positiveLosses === true;
  return 'normalise' in config && config.normalise.includes('loss');
}
