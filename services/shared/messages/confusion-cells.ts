/**
 * The cells of a task's confusion matrix travel and are kept as test metrics of their own, one for each cell that is not
 * empty and each of the diagonal, so that the class names come with them: `confusion:2.ring:0.circle`.
 */
export const confusionPrefix = 'confusion:';

/** So that the whole name stays within what a metric's name may have. */
const longestName = 20;

export interface ConfusionCell {
  readonly truth: number;
  readonly predicted: number;
}

export interface ConfusionTable {
  /** Name of each class, in their order. */
  readonly classes: readonly string[];
  /** Samples by true class, then by predicted class. */
  readonly counts: readonly (readonly number[])[];
}

/** @param names of all classes; a class without one is called by its number */
export function confusionMetric({ truth, predicted }: ConfusionCell, names: readonly string[]): string {
  return `${confusionPrefix}${written(truth, names)}:${written(predicted, names)}`;
}

function written(label: number, names: readonly string[]): string {
  // A colon would end the name early.
  const name = (names[label] ?? '').replaceAll(':', ' ').slice(0, longestName);
  return `${label}.${name}`;
}

const pattern = new RegExp(`^${confusionPrefix}(\\d{1,4})\\.([^:]*):(\\d{1,4})\\.([^:]*)$`);

/** The matrix that a task's test metrics hold; undefined where they hold none. */
export function confusionTable(
  metrics: readonly { readonly metric: string; readonly value: number }[],
): ConfusionTable | undefined {
  const cells = metrics.flatMap(({ metric, value }) => {
    const [, truth, truthName, predicted, predictedName] = pattern.exec(metric) ?? [];
    if (truth === undefined || predicted === undefined) return [];
    const names = [
      [Number(truth), truthName ?? ''],
      [Number(predicted), predictedName ?? ''],
    ] as const;
    return [{ truth: Number(truth), predicted: Number(predicted), names, value }];
  });
  if (cells.length === 0) return undefined;
  const names = new Map(cells.flatMap((cell) => cell.names));
  const labels = [...names.keys()].sort((one, other) => one - other);
  return {
    classes: labels.map((label) => names.get(label) || String(label)),
    counts: labels.map((truth) =>
      labels.map((predicted) => cells.find((cell) => cell.truth === truth && cell.predicted === predicted)?.value ?? 0),
    ),
  };
}
