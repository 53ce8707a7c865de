import { skippedMetrics, wholeTrial } from '../../shared/messages/reports.js';
import type { FromTrainer } from '../trainer-protocol.js';
import type { OpenWorkload, SkippedSamples, Split } from '../workloads/workload.js';

/** So many of them the log names one by one; `sigmasweep data check` names all. */
const mostNamed = 20;

/** A result on fewer samples than the data set has must say so, in its log and as a number that tables show. */
export function tellSkipped({ splits, skipped }: OpenWorkload, say: (message: FromTrainer) => void): void {
  if (skipped === undefined) return;
  for (const [split, { count, broken }] of Object.entries(skipped) as [Split, SkippedSamples][]) {
    if (count === 0) continue;
    const all = splits[split].length + count;
    const named = broken.slice(0, mostNamed).map(({ message }) => message);
    const more = count > named.length ? `; and ${count - named.length} more` : '';
    const text = `${count} of ${all} samples of the ${split} split are left out: ${named.join('; ')}${more}`;
    say({ type: 'log', level: 'warn', text });
    const point = { epoch: 0, split: 'train', task: wholeTrial, metric: skippedMetrics[split], value: count } as const;
    say({ type: 'metrics', points: [point] });
  }
}
