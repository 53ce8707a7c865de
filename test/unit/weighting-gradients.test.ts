import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientSpaceOf, weightingConfig, weightingNames } from '../../services/shared/catalog/weightings.js';
import { createWeighting } from '../../services/worker/weighting/registry.js';
import { dot } from '../../services/worker/weighting/solvers/matrix.js';
import type { Combination, GradientWeighting } from '../../services/worker/weighting/weighting.js';

function create(config: Record<string, unknown>, count = 2): GradientWeighting {
  const tasks = Array.from({ length: count }, (_, task) => ({
    name: `task${task}`,
    likelihood: 'regression' as const,
  }));
  const weighting = createWeighting(weightingConfig.parse(config), tasks, 1);
  if (weighting.needs !== 'task-gradients') throw new TypeError('this one needs losses only');
  return weighting;
}

function combine(
  weighting: GradientWeighting,
  gradients: readonly (readonly number[])[],
  losses: readonly number[] = gradients.map(() => 1),
): Combination {
  const gram = gradients.map((a) => gradients.map((b) => dot(a, b)));
  return weighting.combineGradients({ losses, gram, factors: gradients.map(() => 1) });
}

/** Σ wᵢ gᵢ. */
function update(gradients: readonly (readonly number[])[], weights: readonly number[]): number[] {
  return (gradients[0] ?? []).map((_, index) =>
    dot(
      weights,
      gradients.map((row) => row[index] ?? 0),
    ),
  );
}

const conflicting = [
  [1, 0],
  [-2, 2],
];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the catalog', () => {
  it.each(weightingNames)('says on what %s takes gradients', (method) => {
    const config = weightingConfig.parse({
      method,
      ...(method === 'fixed' ? { weights: { task0: 1, task1: 1 } } : {}),
    });
    const tasks = ['task0', 'task1'].map((name) => ({ name, likelihood: 'regression' as const }));
    const weighting = createWeighting(config, tasks, 1);
    expect(gradientSpaceOf(config)).toBe(weighting.needs === 'losses' ? undefined : weighting.space);
    weighting.dispose();
  });
});

describe('MGDA', () => {
  it('reaches a Pareto-stationary point of two quadratics, where no direction lowers both', () => {
    const weighting = create({ method: 'mgda' });
    const [a, b] = [
      [1, 0],
      [0, 2],
    ] as const;
    let x = [3, -2];
    const gradients = (): number[][] => [
      x.map((value, index) => 2 * (value - (a[index] ?? 0))),
      x.map((value, index) => 10 * (value - (b[index] ?? 0))),
    ];
    for (let step = 0; step < 400; step += 1) {
      const direction = update(gradients(), combine(weighting, gradients()).shared);
      x = x.map((value, index) => value - 0.05 * (direction[index] ?? 0));
    }
    expect(Math.hypot(...update(gradients(), combine(weighting, gradients()).shared))).toBeLessThan(1e-4);
    // The Pareto set of the two is the line between their minima, x + y/2 = 1.
    expect((x[0] ?? 0) + (x[1] ?? 0) / 2).toBeCloseTo(1, 4);
    expect(x[0]).toBeGreaterThan(-1e-6);
    expect(x[0]).toBeLessThan(1 + 1e-6);
  });

  it('does not mind the scales of the losses when gradients are divided by their norms', () => {
    const normalised = (factor: number): number[] => {
      const gradients = [conflicting[0] ?? [], (conflicting[1] ?? []).map((value) => factor * value)];
      return [...combine(create({ method: 'mgda', normalise: 'norm' }), gradients).shared];
    };
    expect(normalised(100)[0]).toBeCloseTo(normalised(1)[0] ?? Number.NaN, 9);
    expect(normalised(1)).toEqual([expect.closeTo(0.5, 9), expect.closeTo(0.5, 9)]);
  });
});

describe('PCGrad', () => {
  it('frees the update of conflicts: it is at odds with neither gradient', () => {
    const { shared } = combine(create({ method: 'pcgrad' }), conflicting);
    const direction = update(conflicting, shared);
    // By hand: g₁' = (1,0) + ¼(−2,2) = (½,½); g₂' = (−2,2) + 2·(1,0) = (0,2).
    expect(direction).toEqual([expect.closeTo(0.5, 12), expect.closeTo(2.5, 12)]);
    for (const gradient of conflicting) expect(dot(direction, gradient)).toBeGreaterThan(0);
  });

  it('adds gradients that agree', () => {
    expect(
      combine(create({ method: 'pcgrad' }), [
        [1, 0],
        [1, 1],
      ]),
    ).toEqual({ shared: [1, 1], heads: [1, 1] });
  });
});

describe('the gradient vaccine', () => {
  it('turns a gradient to the usual cosine, which it learns', () => {
    const weighting = create({ method: 'gradvac', decay: 1 });
    // Cosine 0.6 is above the first goal, 0: nothing changes, and 0.6 becomes the goal.
    expect(
      combine(weighting, [
        [1, 0],
        [0.6, 0.8],
      ]).shared,
    ).toEqual([1, 1]);
    const { shared } = combine(weighting, [
      [1, 0],
      [0, 1],
    ]);
    // g₁' = g₁ + x·g₂ with cosine 0.6 with g₂: x = 0.6/0.8.
    expect(shared).toEqual([expect.closeTo(1.75, 9), expect.closeTo(1.75, 9)]);
  });
});

describe('GradDrop', () => {
  const gradients = [
    [1, 2, -1, 0],
    [-3, 4, -5, 0],
  ];
  const mask = (weighting: GradientWeighting): { kept: number[][]; left: number[] } => {
    const masked = weighting.maskGradients?.(tf.tensor2d(gradients));
    // −0 is 0 as well.
    const kept = (masked?.gradients.arraySync() ?? []).map((row) => row.map((value) => value + 0));
    const left = Array.from(masked?.left.dataSync() ?? []);
    combine(weighting, kept);
    return { kept, left };
  };

  it('lets one sign through at each element, the positive one as often as its purity says', () => {
    const weighting = create({ method: 'graddrop' });
    const steps = 4000;
    let positive = 0;
    for (let step = 0; step < steps; step += 1) {
      const { kept, left } = mask(weighting);
      // P = ½(1 + (1 − 3)/(1 + 3)) = ¼ at the first element; the tasks agree at the others.
      const drawn = kept[0]?.[0] === 1;
      expect(kept).toEqual(drawn ? [gradients[0], [0, 4, -5, 0]] : [[0, 2, -1, 0], gradients[1]]);
      expect(left).toEqual(drawn ? [1, expect.closeTo(41 / 50, 6)] : [expect.closeTo(5 / 6, 6), 1]);
      positive += Number(drawn);
    }
    // Four standard deviations of the binomial distribution.
    expect(Math.abs(positive / steps - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / steps));
  });

  it('draws the same again under the same seed', () => {
    const run = (): number[][][] => {
      const weighting = create({ method: 'graddrop' });
      return Array.from({ length: 20 }, () => mask(weighting).kept);
    };
    expect(run()).toEqual(run());
  });

  it('drops nothing with leak 1, and lets a share of what is dropped through with less', () => {
    expect(mask(create({ method: 'graddrop', leak: 1 })).kept).toEqual(gradients);
    const { kept } = mask(create({ method: 'graddrop', leak: 0.25 }));
    expect([
      [0.25, -3],
      [1, -0.75],
    ]).toContainEqual(kept.map((row) => row[0]));
  });
});

describe('CAGrad', () => {
  it('with c = 0 is the mean gradient', () => {
    expect(combine(create({ method: 'cagrad', c: 0 }), conflicting)).toEqual({ shared: [0.5, 0.5], heads: [0.5, 0.5] });
  });

  it('helps the worst-off task more than the mean gradient, within its ball', () => {
    const worst = (weights: readonly number[]): number =>
      Math.min(...conflicting.map((gradient) => dot(gradient, update(conflicting, weights))));
    const { shared } = combine(create({ method: 'cagrad', c: 0.5 }), conflicting);
    expect(worst(shared)).toBeGreaterThan(worst([0.5, 0.5]) + 0.1);
    const mean = update(conflicting, [0.5, 0.5]);
    const away = update(conflicting, shared).map((value, index) => value - (mean[index] ?? 0));
    expect(Math.hypot(...away)).toBeCloseTo(0.5 * Math.hypot(...mean), 6);
  });
});

describe('Nash-MTL', () => {
  const gradients = [
    [1, 0.2, 0],
    [-0.3, 2, 0.5],
  ];

  it('solves GᵀG·α = 1/α up to a common factor, and the update is not longer than allowed', () => {
    const { shared, heads } = combine(create({ method: 'nash-mtl', maxNorm: 0.5 }), gradients);
    const direction = update(gradients, shared);
    const products = gradients.map((gradient, task) => (shared[task] ?? 0) * dot(gradient, direction));
    expect(products[1]).toBeCloseTo(products[0] ?? Number.NaN, 6);
    expect(Math.hypot(...direction)).toBeCloseTo(0.5, 9);
    expect((heads[0] ?? 0) / (heads[1] ?? 1)).toBeCloseTo((shared[0] ?? 0) / (shared[1] ?? 1), 9);
  });

  it('does not mind the scale of a loss', () => {
    const scaled = [gradients[0] ?? [], (gradients[1] ?? []).map((value) => 1000 * value)];
    const [plain, other] = [gradients, scaled].map((one) =>
      update(one, combine(create({ method: 'nash-mtl' }), one).shared),
    );
    plain?.forEach((value, index) => expect(other?.[index]).toBeCloseTo(value, 4));
  });

  it('has an answer without gradients', () => {
    expect(combine(create({ method: 'nash-mtl' }), [[0], [0]]).shared).toEqual([1, 1]);
  });
});

describe('Aligned-MTL', () => {
  it('gives orthogonal gradients of all sizes the length of the shortest', () => {
    const gradients = [
      [5, 0],
      [0, 0.1],
    ];
    const direction = update(gradients, combine(create({ method: 'aligned-mtl' }), gradients).shared);
    expect(direction).toEqual([expect.closeTo(0.1, 9), expect.closeTo(0.1, 9)]);
  });
});

describe('IMTL-G', () => {
  it('has the same projection on every gradient', () => {
    const { shared } = combine(create({ method: 'imtl-g' }), conflicting);
    const direction = update(conflicting, shared);
    const projections = conflicting.map((gradient) => dot(direction, gradient) / Math.hypot(...gradient));
    expect(projections[1]).toBeCloseTo(projections[0] ?? Number.NaN, 9);
  });

  it('as a part of IMTL reports its weights times the factors of the losses', async () => {
    const weighting = create({ method: 'imtl' });
    const scaled = weighting.scaleLosses?.([tf.scalar(2), tf.scalar(3)]);
    expect(scaled?.losses.map((loss) => loss.dataSync()[0])).toEqual([2, 3]);
    weighting.variables[0]?.variable.assign(tf.scalar(1));
    expect(weighting.scaleLosses?.([tf.scalar(2), tf.scalar(3)]).losses[0]?.dataSync()[0]).toBeCloseTo(
      2 * Math.E - 1,
      5,
    );
    weighting.combineGradients({
      losses: [2, 3],
      factors: [4, 1],
      gram: [
        [1, 0],
        [0, 1],
      ],
    });
    weighting.onEpoch?.({ epoch: 1, losses: [2, 3] });
    expect((await weighting.describe()).map(({ weight }) => weight)).toEqual([
      expect.closeTo(2, 9),
      expect.closeTo(0.5, 9),
    ]);
    weighting.dispose();
  });
});

describe('GradNorm', () => {
  it('brings the gradient norms together where all tasks learn alike', () => {
    const weighting = create({ method: 'gradnorm' });
    const gradients = [
      [4, 0],
      [0, 1],
    ];
    let weights: readonly number[] = [];
    for (let step = 0; step < 400; step += 1) weights = combine(weighting, gradients).shared;
    expect((weights[0] ?? 0) * 4).toBeCloseTo(weights[1] ?? Number.NaN, 1);
    expect((weights[0] ?? 0) + (weights[1] ?? 0)).toBeCloseTo(2, 9);
  });

  it('equalises the training rates of two quadratics of different steepness', () => {
    // Lᵢ = ½ kᵢ xᵢ²: with equal weights the steep one is done long before the flat one.
    const steepness = [3, 1];
    const gap = (weigh: (gradients: number[][], losses: number[]) => readonly number[]): number => {
      let x = [1, 1];
      for (let step = 0; step < 150; step += 1) {
        const slopes = x.map((value, task) => (steepness[task] ?? 0) * value);
        const losses = x.map((value, task) => 0.5 * (steepness[task] ?? 0) * value * value);
        const weights = weigh(
          [
            [slopes[0] ?? 0, 0],
            [0, slopes[1] ?? 0],
          ],
          losses,
        );
        x = x.map((value, task) => value - 0.005 * (weights[task] ?? 0) * (slopes[task] ?? 0));
      }
      return Math.abs(Math.log((x[0] ?? 0) ** 2 / (x[1] ?? 1) ** 2));
    };
    const weighting = create({ method: 'gradnorm' });
    const balanced = gap((gradients, losses) => combine(weighting, gradients, losses).shared);
    expect(balanced).toBeLessThan(0.3 * gap(() => [1, 1]));
  });

  it('trains heads with the same weights as the shared part, and reports their mean', async () => {
    const weighting = create({ method: 'gradnorm', learningRate: 0.1 });
    const used = [combine(weighting, conflicting), combine(weighting, conflicting)];
    for (const { shared, heads } of used) expect(heads).toEqual(shared);
    expect(used[0]?.shared).toEqual([1, 1]);
    weighting.onEpoch?.({ epoch: 1, losses: [1, 1] });
    const [first] = await weighting.describe();
    expect(first?.weight).toBeCloseTo((1 + (used[1]?.shared[0] ?? Number.NaN)) / 2, 9);
  });
});
