import { SigmasweepError } from '../../shared/errors.js';
import type { Connection } from '../../shared/nats/connect.js';
import { callCommand } from '../../shared/nats/command-client.js';
import type { CommandResponse } from '../../shared/messages/commands.js';
import type { TrialState } from '../../shared/trial-state.js';
import type { Terminal } from '../verbs/verb.js';
import { progressLine, sweepProgress, workDone } from './progress.js';

const pollMs = 500;
/** How long the coordinator may be away: it can be in the middle of being started again. */
const patienceMs = 90_000;
const plainLineEverySeconds = 15;
/** The trials that there is something to say of; the others are counted. */
const watched: TrialState[] = ['running', 'failed', 'stopped'];

/**
 * Shows a sweep's progress until all its trials are terminal.
 * @returns the last state of the sweep, or undefined when `signal` ended the watching
 * @throws SigmasweepError COORDINATOR_UNREACHABLE when nobody has answered for 90 s
 */
export async function watchSweep(
  connection: Connection,
  sweepId: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<CommandResponse<'show'> | undefined> {
  const started = Date.now();
  const known = new Set<string>();
  let firstLook = true;
  let doneBefore: number | undefined;
  let lastPlainLine = 0;
  let endedBefore = 0;
  let answeredLast = performance.now();
  // Undefined while nobody answers.
  const show = async (): Promise<CommandResponse<'show'> | undefined> => {
    try {
      const answer = await callCommand(connection, 'show', { sweepId, states: watched }, 5000);
      answeredLast = performance.now();
      return answer;
    } catch (error) {
      const away = error instanceof SigmasweepError && error.code === 'COORDINATOR_UNREACHABLE';
      if (!away || performance.now() - answeredLast > patienceMs) throw error;
      terminal.status('waiting for the coordinator …');
      return undefined;
    }
  };
  while (!signal.aborted) {
    const state = await show();
    if (state === undefined) {
      await pause(pollMs, signal);
      continue;
    }
    doneBefore ??= workDone(state.sweep.counts, state.trials);
    const progress = sweepProgress(state.sweep.counts, state.trials, doneBefore, (Date.now() - started) / 1000);
    const line = progressLine(progress);
    for (const trial of state.trials) {
      if (trial.state === 'running' || known.has(trial.trialId)) continue;
      known.add(trial.trialId);
      if (!firstLook && trial.state === 'failed') terminal.note(`failed: ${trial.label}: ${trial.error ?? ''}`);
      if (!firstLook && trial.state === 'stopped') terminal.note(`stopped: ${trial.label}: ${trial.stop ?? ''}`);
    }
    firstLook = false;
    if (state.sweep.state !== 'running') {
      terminal.note(line);
      return state;
    }
    terminal.status(line);
    const due = (Date.now() - lastPlainLine) / 1000 >= plainLineEverySeconds;
    if (!terminal.interactive && (due || progress.ended !== endedBefore)) {
      lastPlainLine = Date.now();
      endedBefore = progress.ended;
      terminal.note(line);
    }
    await pause(pollMs, signal);
  }
  return undefined;
}

/** Resolves after the time, or at once when the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
  });
}
