/** From 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Colours by class number: the first nine are those that Cityscapes gives the street scenes' classes, then its others. */
const classColours: readonly Rgb[] = [
  [128, 64, 128],
  [244, 35, 232],
  [70, 70, 70],
  [190, 153, 153],
  [153, 153, 153],
  [107, 142, 35],
  [70, 130, 180],
  [220, 20, 60],
  [0, 0, 142],
  [102, 102, 156],
  [250, 170, 30],
  [220, 220, 0],
  [152, 251, 152],
  [255, 0, 0],
  [0, 0, 70],
  [0, 60, 100],
  [0, 80, 100],
  [0, 0, 230],
  [119, 11, 32],
];

/** The colour of a class in pictures; there are nineteen, which then begin again. @param label its number, from 0 */
export function classColour(label: number): Rgb {
  return classColours[label % classColours.length] ?? [0, 0, 0];
}
