/** What a task predicts; each kind has one loss, one set of metrics and one way to be drawn. */
export const taskKinds = ['segmentation', 'instance-vectors', 'depth', 'classification'] as const;
export type TaskKind = (typeof taskKinds)[number];

/** A reported quantity of a task. `better` decides what "best" and the sign of Δm mean. */
export interface MetricInfo {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Multiplied in before showing, e.g. 100 for a share shown in %. */
  readonly scale: number;
  /** Decimals shown after scaling. */
  readonly decimals: number;
}

/** The metrics of each task kind; the first is the one that the comparison table and Δm use. */
export const metricsOfKind: Readonly<Record<TaskKind, readonly [MetricInfo, ...MetricInfo[]]>> = {
  segmentation: [
    { name: 'meanIoU', label: 'IoU', unit: '%', better: 'higher', scale: 100, decimals: 1 },
    { name: 'pixelAccuracy', label: 'Pixel accuracy', unit: '%', better: 'higher', scale: 100, decimals: 1 },
  ],
  'instance-vectors': [
    { name: 'meanError', label: 'Instance error', unit: 'px', better: 'lower', scale: 1, decimals: 3 },
  ],
  depth: [
    { name: 'meanError', label: 'Inverse depth error', unit: 'px', better: 'lower', scale: 1, decimals: 3 },
    { name: 'relativeError', label: 'Relative error', unit: '%', better: 'lower', scale: 100, decimals: 1 },
  ],
  classification: [
    { name: 'accuracy', label: 'Accuracy', unit: '%', better: 'higher', scale: 100, decimals: 1 },
    { name: 'macroF1', label: 'Macro F1', unit: '%', better: 'higher', scale: 100, decimals: 1 },
    { name: 'topThreeAccuracy', label: 'Top-3 accuracy', unit: '%', better: 'higher', scale: 100, decimals: 1 },
  ],
};
