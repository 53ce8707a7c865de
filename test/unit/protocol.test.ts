import { describe, expect, it } from 'vitest';
import { flattenOptions } from '../../services/dashboard/compare/options.js';
import { describeProtocol, protocolLatex, type ProtocolFacts } from '../../services/dashboard/report/protocol.js';
import { compareSweep } from '../../services/shared/compare/comparison.js';
import type { Setting } from '../../services/shared/compare/results.js';

const setting = (key: string, kind: Setting['kind']): Setting => ({
  key,
  position: 0,
  label: key,
  kind,
  method: kind === 'learned' ? 'uncertainty' : 'fixed',
  tasks: ['semantic', 'depth'],
  weights: kind === 'learned' ? null : { semantic: 0.5, depth: 0.5 },
});

const facts: ProtocolFacts = {
  comparison: compareSweep({
    sweepId: 'sweep-1',
    name: '50 % & more',
    workload: 'street-scenes',
    tasks: ['semantic', 'depth'],
    state: 'completed',
    settings: [setting('even', 'fixed'), setting('task uncertainty', 'learned')],
    trials: [1, 2].flatMap((seed) =>
      ['even', 'task uncertainty'].map((settingKey) => ({
        trialId: `${settingKey}-${seed}`,
        settingKey,
        label: '',
        seed,
        state: 'succeeded' as const,
        metrics: [],
        finalWeights: [],
      })),
    ),
  }),
  options: new Map(
    ['even', 'task uncertainty'].map((key, place) => [
      key,
      flattenOptions({
        data: { train: 600, height: 64 },
        optimizer: { name: 'adam', learningRate: 10 ** -(2 + place) },
        epochs: 12,
        batchSize: 8,
      }),
    ]),
  ),
  createdAt: new Date('2026-11-25T09:00:00Z'),
  endedAt: undefined,
  devices: [{ backend: 'wasm', device: '4 cores', driver: undefined, versions: ['0.1.0'], trials: 4, seconds: 3700 }],
  lostAttempts: 1,
};

describe('the description of a sweep’s protocol', () => {
  const parts = new Map(describeProtocol(facts).map(({ title, sentences }) => [title, sentences.join(' ')]));

  it('tells what all settings share apart from what was varied', () => {
    expect(parts.get('Data and tasks')).toContain('Data options: train 600, height 64.');
    expect(parts.get('Training')).toBe('Optimizer: name adam. In all settings: epochs 12, batch size 8.');
    expect(parts.get('Settings')).toContain('Varied besides the weights: optimizer: learning rate (0.01, 0.001).');
    expect(parts.get('Settings')).toContain('2 settings: 1 with fixed loss weights and 1 with learned weights.');
  });

  it('tells seeds, selection, and machines with their versions', () => {
    expect(parts.get('Seeds')).toContain('each of the seeds 1 and 2');
    expect(parts.get('Seeds')).toContain('4 trials: 4 succeeded. 1 attempt ended without a result');
    expect(parts.get('Selection and evaluation')).toContain('Test split after the last epoch');
    expect(parts.get('Hardware and software')).toContain('4 trials by wasm on 4 cores, 1 h 1 min of training');
    expect(parts.get('Hardware and software')).toContain(
      'Trained with sigmasweep 0.1.0. Submitted 2026-11-25 09:00 UTC.',
    );
  });

  it('is safe to typeset', () => {
    const named = { ...facts, comparison: { ...facts.comparison, workload: 'a_b & 50%' } };
    expect(protocolLatex(named)).toContain('Workload a\\_b \\& 50\\%.');
  });
});
