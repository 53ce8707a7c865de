import type { MetricPoint, ReportItem, ReportMessage } from '../../shared/messages/reports.js';
import type { ControlMessage } from '../../shared/messages/workers.js';
import { backoffAfter, type FailureRecord, type RetryOptions } from '../../shared/schedule/retries.js';
import type { AttemptOutcome, TrialState } from '../../shared/trial-state.js';
import type { Ending } from './end-attempts.js';

/** What the database knows about an attempt when its reports come in. */
export interface Standing extends FailureRecord {
  readonly trialId: string;
  readonly attempt: number;
  readonly state: TrialState;
  /** The trial's newest attempt. */
  readonly newest: number;
  readonly retries: RetryOptions;
  /** Whether it is to be handed back, because its sweep or itself was paused at once. */
  readonly interrupted: boolean;
  /** Undefined when the attempt was never granted. */
  readonly outcome: AttemptOutcome | undefined;
}

/** An attempt, and who works on it. */
export interface RunningAttempt {
  readonly trialId: string;
  readonly attempt: number;
  readonly workerId: string;
}

/** An attempt that may not write any more; its worker has to be told. */
export interface LostAttempt extends RunningAttempt {
  readonly reason: Exclude<ControlMessage['reason'], 'paused'>;
}

type Of<Type extends ReportItem['type']> = Extract<ReportItem, { type: Type }>;
interface Key {
  readonly trialId: string;
  readonly attempt: number;
}

/** What is to be written for a batch of reports. */
export interface Verdict {
  readonly points: (Key & { readonly points: readonly MetricPoint[] })[];
  readonly lines: (Key & Of<'log'>['lines'][number])[];
  readonly pictures: (Key & Of<'picture'>)[];
  readonly checkpoints: (Key & Of<'checkpoint'>)[];
  /** Attempts that go on from a checkpoint of an earlier one. */
  readonly resumptions: (Key & { readonly from: Of<'resumed'> })[];
  /** One for each attempt that runs on: its lease begins anew. How far one came that ends here is part of its ending. */
  readonly beats: (Key & { readonly step: number | undefined; readonly steps: number | undefined })[];
  readonly endings: Ending[];
  readonly lost: LostAttempt[];
  /** Attempts that run on although they are to be handed back: the word did not reach their worker. */
  readonly interrupted: RunningAttempt[];
}

export function attemptKey(trialId: string, attempt: number): string {
  return `${trialId}/${String(attempt)}`;
}

/**
 * - `running`: may write everything.
 * - `over`: ended by its own report. Metrics that are redelivered after the result still belong to it; a repeated
 *   result changes nothing.
 * - a reason: it lost its trial and may not write.
 */
function judge(standing: Standing | undefined): 'running' | 'over' | LostAttempt['reason'] {
  switch (standing?.outcome) {
    case undefined:
      return 'gone';
    case 'cancelled':
      return 'cancelled';
    case 'stopped':
      return 'stopped-early';
    case 'lease-expired':
      return 'lease-lost';
    case 'succeeded':
    case 'failed':
    case 'handed-back':
      return 'over';
    case 'running':
      return standing.state === 'running' && standing.newest === standing.attempt ? 'running' : 'lease-lost';
  }
}

function endingOf(item: ReportItem, standing: Standing): Ending | undefined {
  const { trialId, attempt } = standing;
  switch (item.type) {
    case 'succeeded':
      return { trialId, attempt, event: 'finished', outcome: 'succeeded', error: null, isFailure: false };
    case 'failed': {
      const backoffSeconds = backoffAfter(standing, standing.retries, item.error.code, item.retryable);
      const event = backoffSeconds === undefined ? 'attempts-exhausted' : 'attempt-failed';
      return { trialId, attempt, event, outcome: 'failed', error: item.error, isFailure: true, backoffSeconds };
    }
    case 'handed-back': {
      const error = { code: 'HANDED_BACK', message: item.reason };
      return { trialId, attempt, event: 'handed-back', outcome: 'handed-back', error, isFailure: false };
    }
    case 'metrics':
    case 'log':
    case 'picture':
    case 'checkpoint':
    case 'resumed':
    case 'heartbeat':
      return undefined;
  }
}

/**
 * Decides what a batch of reports, in the order of the stream, may write.
 * @param standings by `attemptKey`, read under the locks of the trials' rows
 */
export function judgeReports(reports: readonly ReportMessage[], standings: ReadonlyMap<string, Standing>): Verdict {
  const verdict: Verdict = {
    points: [],
    lines: [],
    pictures: [],
    checkpoints: [],
    resumptions: [],
    beats: [],
    endings: [],
    lost: [],
    interrupted: [],
  };
  const beats = new Map<string, Verdict['beats'][number]>();
  const ended = new Set<string>();
  const told = new Set<string>();
  for (const { trialId, attempt, workerId, items } of reports) {
    const key = attemptKey(trialId, attempt);
    const standing = standings.get(key);
    const judgement = judge(standing);
    if (standing === undefined || (judgement !== 'running' && judgement !== 'over')) {
      const reason = judgement === 'running' || judgement === 'over' ? 'gone' : judgement;
      if (!told.has(key)) verdict.lost.push({ trialId, attempt, workerId, reason });
      told.add(key);
      continue;
    }
    if (judgement === 'running' && !beats.has(key)) {
      beats.set(key, { trialId, attempt, step: undefined, steps: undefined });
      if (standing.interrupted) verdict.interrupted.push({ trialId, attempt, workerId });
    }
    for (const item of items) {
      if (item.type === 'metrics') verdict.points.push({ trialId, attempt, points: item.points });
      if (item.type === 'log') verdict.lines.push(...item.lines.map((line) => ({ trialId, attempt, ...line })));
      if (item.type === 'picture') verdict.pictures.push({ trialId, attempt, ...item });
      if (item.type === 'checkpoint') verdict.checkpoints.push({ trialId, attempt, ...item });
      if (item.type === 'resumed') verdict.resumptions.push({ trialId, attempt, from: item });
      if (judgement === 'over' || ended.has(key)) continue;
      if (item.type === 'heartbeat') {
        const before = beats.get(key);
        const step = item.step ?? before?.step;
        beats.set(key, { trialId, attempt, step, steps: item.steps ?? before?.steps });
      }
      const ending = endingOf(item, standing);
      if (ending === undefined) continue;
      verdict.endings.push(ending);
      ended.add(key);
    }
  }
  const endings = verdict.endings.map((ending) => {
    const { step, steps } = beats.get(attemptKey(ending.trialId, ending.attempt)) ?? {};
    return { ...ending, step, steps };
  });
  for (const [key, beat] of beats) if (!ended.has(key)) verdict.beats.push(beat);
  return { ...verdict, endings };
}
