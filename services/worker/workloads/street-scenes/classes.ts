/** Semantic classes of the street scenes; a class's number is its place here. */
export const sceneClasses = [
  'road',
  'pavement',
  'building',
  'fence',
  'pole',
  'vegetation',
  'sky',
  'person',
  'car',
] as const;
export type SceneClass = (typeof sceneClasses)[number];

/** The number of each class. */
export const classNumber = Object.fromEntries(sceneClasses.map((name, number) => [name, number])) as Readonly<
  Record<SceneClass, number>
>;

/** Label of pixels that no task looks at: the bonnet of the car that carries the camera. */
export const ignoredClass = -1;
