/** What a task predicts; each kind has one loss, one set of metrics and one way to be drawn. */
export const taskKinds = [
  'segmentation',
  'instance-vectors',
  'depth',
  'metric-depth',
  'inverse-depth',
  'normals',
  'classification',
  'multi-label',
  'regression',
] as const;
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

/** A share 0 … 1 that is shown in %. */
function share(name: string, label: string, better: MetricInfo['better'] = 'higher'): MetricInfo {
  return { name, label, unit: '%', better, scale: 100, decimals: 1 };
}

/** An error in the task's own unit. */
function error(name: string, label: string, unit: string, decimals: number): MetricInfo {
  return { name, label, unit, better: 'lower', scale: 1, decimals };
}

/** The metrics of each task kind; the first is the one that the comparison table and Δm use. */
export const metricsOfKind: Readonly<Record<TaskKind, readonly [MetricInfo, ...MetricInfo[]]>> = {
  segmentation: [share('meanIoU', 'IoU'), share('pixelAccuracy', 'Pixel accuracy')],
  'instance-vectors': [error('meanError', 'Instance error', 'px', 3)],
  depth: [error('meanError', 'Inverse depth error', 'px', 3), share('relativeError', 'Relative error', 'lower')],
  'metric-depth': [error('meanError', 'Depth error', 'm', 4), share('relativeError', 'Relative error', 'lower')],
  'inverse-depth': [
    error('meanError', 'Inverse depth error', '', 4),
    share('relativeError', 'Relative error', 'lower'),
  ],
  normals: [
    error('meanAngle', 'Mean angle', '°', 2),
    error('medianAngle', 'Median angle', '°', 2),
    share('within11', 'Within 11.25°'),
    share('within22', 'Within 22.5°'),
    share('within30', 'Within 30°'),
  ],
  classification: [
    share('accuracy', 'Accuracy'),
    share('macroF1', 'Macro F1'),
    share('topThreeAccuracy', 'Top-3 accuracy'),
  ],
  'multi-label': [share('meanAveragePrecision', 'Mean average precision'), share('macroF1', 'Macro F1')],
  regression: [
    error('meanAbsoluteError', 'Mean absolute error', '', 4),
    error('rootMeanSquareError', 'Root mean square error', '', 4),
    { name: 'r2', label: 'R²', unit: '', better: 'higher', scale: 1, decimals: 3 },
  ],
};
