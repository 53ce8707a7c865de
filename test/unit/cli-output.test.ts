import { describe, expect, it } from 'vitest';
import { checkNode } from '../../services/cli/doctor/check-machine.js';
import { findingOfError, renderFindings } from '../../services/cli/doctor/finding.js';
import { outcomeOf } from '../../services/cli/progress/outcome.js';
import { cutTo } from '../../services/cli/terminal.js';
import { SigmasweepError } from '../../services/shared/errors.js';
import type { TrialSummary } from '../../services/shared/messages/commands.js';
import { trialStates, type TrialState } from '../../services/shared/trial-state.js';

function ended(states: readonly TrialState[]) {
  const trials = states.map((state, index): TrialSummary => ({
    trialId: `trial-${index}`,
    label: `setting ${index}`,
    settingKey: 'key',
    seed: 1,
    state,
    attempt: 1,
    workerId: null,
    startedAt: null,
    endedAt: null,
    step: null,
    steps: null,
    error: state === 'failed' ? 'out of memory' : null,
  }));
  const count = (state: TrialState) => states.filter((one) => one === state).length;
  const counts = Object.fromEntries(trialStates.map((state) => [state, count(state)])) as Record<TrialState, number>;
  const sweep = {
    sweepId: 'sweep-1',
    name: 'a sweep',
    workload: 'street-scenes',
    state: 'completed' as const,
    counts,
    createdAt: '2026-01-01T00:00:00Z',
    endedAt: null,
  };
  return { sweep, trials };
}

describe('the end of a run', () => {
  it('is a success only when every trial has a result', () => {
    expect(outcomeOf(ended(['succeeded', 'succeeded']))).toEqual({ lines: [], exitCode: 0 });
  });

  it('names what failed, why, and what to do', () => {
    const { lines, exitCode } = outcomeOf(ended(['succeeded', 'failed', 'cancelled']));
    expect(exitCode).toBe(1);
    expect(lines).toEqual([
      'failed: setting 1: out of memory',
      'Not in the table: 1 failed and 1 cancelled. `sigmasweep retry sweep-1` queues them again.',
    ]);
  });

  it('shows at most twenty of many failures', () => {
    const { lines } = outcomeOf(ended(Array.from({ length: 500 }, () => 'failed' as const)));
    expect(lines).toHaveLength(22);
    expect(lines[20]).toBe('… and 480 more');
  });
});

describe('a status line', () => {
  it('is cut to the terminal and stays one line', () => {
    expect(cutTo('abcdef', 4)).toBe('abc…');
    expect(cutTo('abcd', 4)).toBe('abcd');
    expect(cutTo('a\nb', 10)).toBe('a b');
    expect(cutTo('abcdef', -1)).toBe('abcdef');
    expect(cutTo('abcdef', Number.NaN)).toBe('abcdef');
  });
});

describe('what doctor says', () => {
  it('puts a hint below what it belongs to, and colours only when asked', () => {
    const findings = [
      { topic: 'Node', state: 'ok' as const, found: '20.19.0' },
      findingOfError('nats-server', new SigmasweepError('X', 'is gone\nfor good', { hint: 'install it' })),
    ];
    expect(renderFindings(findings, false)).toEqual([
      '✓ Node         20.19.0',
      '✗ nats-server  is gone',
      '               for good',
      '               → install it',
    ]);
    expect(renderFindings(findings, true)[1]).toContain('\u001b[31m');
  });

  it.each([
    ['20.18.3', 'missing'],
    ['18.20.0', 'missing'],
    ['20.19.0', 'ok'],
    ['22.1.0', 'ok'],
  ])('calls Node %s %s', (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });
});
