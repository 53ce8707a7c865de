/** A label of Cityscapes that is evaluated, with the category that it belongs to. */
interface CityLabel {
  /** Number in labelIds and instanceIds. */
  readonly id: number;
  readonly name: string;
  readonly category: (typeof categories)[number];
  /** Whether its things are told apart in instanceIds. */
  readonly hasInstances: boolean;
}

const categories = ['flat', 'construction', 'object', 'nature', 'sky', 'human', 'vehicle'] as const;

function label(id: number, name: string, category: CityLabel['category'], hasInstances = false): CityLabel {
  return { id, name, category, hasInstances };
}

/** The 19 labels in the order of their training numbers, from cityscapesScripts, helpers/labels.py. */
export const cityLabels: readonly CityLabel[] = [
  label(7, 'road', 'flat'),
  label(8, 'sidewalk', 'flat'),
  label(11, 'building', 'construction'),
  label(12, 'wall', 'construction'),
  label(13, 'fence', 'construction'),
  label(17, 'pole', 'object'),
  label(19, 'traffic light', 'object'),
  label(20, 'traffic sign', 'object'),
  label(21, 'vegetation', 'nature'),
  label(22, 'terrain', 'nature'),
  label(23, 'sky', 'sky'),
  label(24, 'person', 'human', true),
  label(25, 'rider', 'human', true),
  label(26, 'car', 'vehicle', true),
  label(27, 'truck', 'vehicle', true),
  label(28, 'bus', 'vehicle', true),
  label(31, 'train', 'vehicle', true),
  label(32, 'motorcycle', 'vehicle', true),
  label(33, 'bicycle', 'vehicle', true),
];

/** Names of the classes, in the order of their numbers. */
export function cityClassNames(classes: 19 | 7): readonly string[] {
  return classes === 19 ? cityLabels.map(({ name }) => name) : categories;
}

/** The class of each label number 0 … 255; −1 where it is not evaluated. */
export function cityClassOf(classes: 19 | 7): Int32Array {
  const classOf = new Int32Array(256).fill(-1);
  cityLabels.forEach(({ id, category }, index) => {
    classOf[id] = classes === 19 ? index : categories.indexOf(category);
  });
  return classOf;
}

/** Labels of which instanceIds holds 1000 × label + instance; a label alone is a group that was not told apart. */
export const labelsWithInstances: ReadonlySet<number> = new Set(
  cityLabels.filter(({ hasInstances }) => hasInstances).map(({ id }) => id),
);
